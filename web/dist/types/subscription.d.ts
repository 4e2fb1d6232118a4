import { type Link, type Member } from './link.js';
import { type Persist } from './persist.js';
import type { ConnectionState, Gap, Role, Share, SseStateDetail, StateReason } from './types.js';
import type { StreamEvent, UpstreamOptions } from './upstream.js';
import type { Mark, Tell, Wanted } from './wire.js';
/** What a subscription tells its owner. A state that the owner's own calls lead to is told before they return. */
export interface SubscriptionObserver {
    event(event: StreamEvent): void;
    state(change: SseStateDetail): void;
    gap(gap: Gap): void;
}
export type Headers = Record<string, string>;
export interface SubscriptionOptions extends UpstreamOptions {
    readonly share: Share;
    /** Headers to send, or what makes them before each request; the stream is then read with `fetch`. */
    readonly headers?: Headers | (() => Headers | Promise<Headers>) | undefined;
    /** Where the cursor is kept over reloads of the page. */
    readonly persist?: Persist | undefined;
    /** Whether a page out of sight keeps its stream. */
    readonly when?: 'always' | 'visible' | null | undefined;
}
/** Before anything was asked for. */
export declare const idle: SseStateDetail;
/**
 * A stream as one element or object of the page sees it. Where its events come from, and who else lives from the same
 * connection, is up to the page's link.
 */
export declare class Subscription implements Member {
    #private;
    mark: Mark;
    feed: number;
    repeated: number;
    readonly link: Link;
    constructor(options: SubscriptionOptions, observer: SubscriptionObserver);
    get wanted(): Wanted;
    get state(): ConnectionState;
    get last(): SseStateDetail;
    get role(): Role;
    /** The id of the last event; before that where it was to start. */
    get lastEventId(): string;
    /** Replaces the event types to hand on, from now on, without a new connection. */
    listen(types: ReadonlySet<string>): void;
    /** Does nothing unless idle or closed. In a page that is in the back/forward cache it counts when that comes back. */
    open(reason: StateReason): void;
    /** Does nothing if idle or closed. No event comes after it. The connection may stay for `linger` milliseconds. */
    close(reason: StateReason, linger?: number): void;
    /** Ends what there is and connects again at once, from the cursor; for all that share the connection. */
    reconnect(reason: StateReason): void;
    receive(tell: Tell): void;
    hide(reason?: StateReason): void;
    restore(): void;
    moved(): void;
}
