import type { Gap, StateChange } from './types.js';

/** One event as a stream brought it. Plain data, so that it can cross between threads and tabs. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
  readonly origin: string;
}

/** What a stream tells its owner. A state that the owner's own `open`, `close` or `reconnect` leads to is told
 *  before that call returns. */
export interface UpstreamObserver {
  /** `before` is the cursor that the event has moved. */
  event(event: StreamEvent, before: string): void;
  state(change: StateChange): void;
  /** The hub says that events are lost. */
  gap?(gap: Gap): void;
}

export interface UpstreamOptions {
  /** Absolute. */
  readonly url: string;
  readonly withCredentials: boolean;
  /** Cursor to start from, '' for none. */
  readonly lastEventId: string;
  /** The event types to hand on; `*` for all that can be seen. */
  readonly types: ReadonlySet<string>;
}
