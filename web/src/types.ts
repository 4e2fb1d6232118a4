import type { EventSourceElement } from './element.js';

/**
 * - `idle`: never been open: no `src`, or not in a document yet.
 * - `connecting`: the first attempt is under way.
 * - `open`: the stream is open.
 * - `retrying`: the stream was lost or refused. Lasts, over all attempts, until it is open again.
 * - `closed`: ended from this side, no attempt will be made.
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'retrying' | 'closed';

/**
 * What led to a state.
 * - to `connecting`: `start` (inserted, a new `src`, `open()`, resumed), `reconnect` (the method), `pageshow` (the
 *   page came back out of the back/forward cache).
 * - to `open`: `connected`.
 * - to `retrying`: `lost` (an open stream ended), `refused` (an attempt failed, for whatever cause: the browser
 *   does not say); then as the next attempt begins `timer`, `online` or `visible`.
 * - to `closed`: `close` (the method), `removed` from the document, `paused`, `no-src`, `invalid-src` (cannot be
 *   parsed as a URL), `pagehide`.
 */
export type StateReason =
  | 'start'
  | 'reconnect'
  | 'pageshow'
  | 'connected'
  | 'lost'
  | 'refused'
  | 'timer'
  | 'online'
  | 'visible'
  | 'close'
  | 'removed'
  | 'paused'
  | 'no-src'
  | 'invalid-src'
  | 'pagehide';

/** The detail of the `sse` event: one event of the stream. */
export interface SseDetail {
  /** The event's name; `message` for an unnamed one. */
  readonly type: string;
  readonly data: string;
  /** `data` parsed as JSON, when first read; `undefined` if it is not JSON. */
  readonly json: unknown;
  /** Id of this event, or of the last one before it that had an id. */
  readonly lastEventId: string;
  readonly source: EventSourceElement;
}

/** The detail of the `sse:state` event. */
export interface SseStateDetail {
  readonly state: ConnectionState;
  /** Attempts failed in a row; starts over after a stream has been open for five seconds. */
  readonly attempt: number;
  /** Milliseconds until the next attempt; 0 while a further attempt is under way; null if none is planned. */
  readonly nextRetryMs: number | null;
  readonly reason: StateReason;
}

declare global {
  interface HTMLElementTagNameMap {
    'event-source': EventSourceElement;
  }
  interface GlobalEventHandlersEventMap {
    sse: CustomEvent<SseDetail>;
    'sse:state': CustomEvent<SseStateDetail>;
  }
}
