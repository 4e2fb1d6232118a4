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
 * - to `open`: `connected`; and while it is open `expiring` (what allows the stream is about to end: a cookie may be renewed).
 * - to `retrying`: `lost` (an open stream ended), `silent` (the hub's heartbeat stayed away), `moved` (what held the
 *   connection for this page is gone: the next one takes over), `refused` (an attempt failed, for whatever cause: the browser
 *   does not say); then as the next attempt begins `timer`, `online` or `visible`.
 * - to `closed`: `close` (the method), `removed` from the document, `paused`, `no-src`, `invalid-src` (cannot be
 *   parsed as a URL), `pagehide`, `hidden` (with `when="visible"`), `ended` (204: the server wants no further attempt;
 *   seen only over `fetch`).
 */
export type StateReason = 'start' | 'reconnect' | 'pageshow' | 'connected' | 'expiring' | 'lost' | 'refused' | 'timer' | 'online' | 'visible' | 'close' | 'removed' | 'paused' | 'no-src' | 'invalid-src' | 'pagehide' | 'silent' | 'ended' | 'moved' | 'hidden';
/**
 * Who holds the connection: `worker`, a shared worker for all tabs; `leader`, this tab for all; `follower`, another tab
 * for this one; `direct`, this tab for itself; `none`, nobody yet.
 */
export type Role = 'none' | 'worker' | 'leader' | 'follower' | 'direct';
/** How connections are shared between tabs: `auto` is `worker` where there are shared workers, else `leader`. */
export type Share = 'auto' | 'worker' | 'leader' | 'none';
/** What a hub says of events that are lost. */
export interface Gap {
    /** The cursor that could not be honoured. */
    readonly from: string;
    /** The position up to which events may be missing. */
    readonly to: string;
    readonly why: string;
}
/** What has become of a connection. */
export interface StateChange {
    readonly state: ConnectionState;
    /** Attempts failed in a row; starts over after a stream has been open for five seconds. */
    readonly attempt: number;
    /** Milliseconds until the next attempt; 0 while a further attempt is under way; null if none is planned. */
    readonly nextRetryMs: number | null;
    readonly reason: StateReason;
}
/** The detail of the `sse:state` event. */
export interface SseStateDetail extends StateChange {
    readonly role: Role;
}
