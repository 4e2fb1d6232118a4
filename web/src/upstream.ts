import type { ConnectionState, SseStateDetail, StateReason } from './types.js';

/** One event as a stream brought it. Plain data, so that it can cross between threads and tabs. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
  readonly origin: string;
}

/** What an upstream tells its owner. A state that the owner's own `open`, `close` or `reconnect` leads to is told
 *  before that call returns. */
export interface UpstreamObserver {
  event(event: StreamEvent): void;
  state(change: SseStateDetail): void;
}

export interface UpstreamOptions {
  /** Absolute. */
  readonly url: string;
  readonly withCredentials: boolean;
  /** Cursor to start from, '' for none. */
  readonly lastEventId: string;
  /** The event types to hand on. */
  readonly types: ReadonlySet<string>;
}

/**
 * A source of events for one URL. The element knows no more than this of where its events come from: a
 * connection of its own, or one that several tabs share.
 */
export interface Upstream {
  readonly state: ConnectionState;
  /** The cursor: id of the last event seen. Kept while closed, so that `open` goes on from there. */
  readonly lastEventId: string;
  /** Replaces the event types to hand on, from now on, without a new connection. */
  listen(types: ReadonlySet<string>): void;
  /** Does nothing unless idle or closed. */
  open(reason: StateReason): void;
  /** Does nothing if idle or closed. No event comes after it. */
  close(reason: StateReason): void;
  /** Ends what there is and connects again at once, from the cursor. */
  reconnect(reason: StateReason): void;
}

export type Connect = (options: UpstreamOptions, observer: UpstreamObserver) => Upstream;
