import type { Persist } from './persist.js';
import { Subscription, type Headers } from './subscription.js';
import type { ConnectionState, Gap, Role, Share, SseStateDetail } from './types.js';
export interface SharedEventSourceOptions {
    /** Send cookies to other origins too. */
    readonly withCredentials?: boolean;
    /** How the connection is shared with other tabs; `auto` by default. */
    readonly share?: Share;
    /** Names of events that are wanted before a listener for them is added; `*` for all that can be seen. */
    readonly events?: Iterable<string>;
    /** Where to start: the id after which events are wanted. */
    readonly lastEventId?: string;
    /** Where the cursor is kept over reloads; `none` by default. */
    readonly persist?: Persist;
    /** Headers to send, or what makes them before each request; the stream is then read with `fetch`. */
    readonly headers?: Headers | (() => Headers | Promise<Headers>);
    /** `visible`: no stream while the page is out of sight. */
    readonly when?: 'always' | 'visible';
}
/** The events of a source that are its own, beside those of the stream. */
export interface SourceEventMap {
    open: Event;
    error: Event;
    gap: CustomEvent<Gap>;
    'sse:state': CustomEvent<SseStateDetail>;
}
type Options = boolean | AddEventListenerOptions;
/** Where there is no DOM the class can still be imported, only not be made. */
declare const Base: typeof EventTarget;
/** `M` names the stream's events: name to type of the data, which is what the server sends as text. */
export interface SharedEventSource<M extends Record<keyof M, string> = Record<string, string>> {
    addEventListener<K extends keyof SourceEventMap>(type: K, listener: (this: this, event: SourceEventMap[K]) => unknown, options?: Options): void;
    addEventListener<K extends keyof M & string>(type: K, listener: (this: this, event: MessageEvent<M[K]>) => unknown, options?: Options): void;
    addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: Options): void;
}
/**
 * An EventSource that all tabs of an origin share: same constructor, same events, one connection. Streams of a hub that
 * differ only in their topics share it too.
 *
 * It comes back from every failure, from where it was. `close` lets go of this object's share; other tabs keep theirs.
 */
export declare class SharedEventSource<M extends Record<keyof M, string> = Record<string, string>> extends Base implements EventTarget {
    #private;
    static readonly CONNECTING: 0;
    static readonly OPEN: 1;
    static readonly CLOSED: 2;
    readonly CONNECTING: 0;
    readonly OPEN: 1;
    readonly CLOSED: 2;
    /** The address in full. */
    readonly url: string;
    readonly withCredentials: boolean;
    /** Throws a SyntaxError if the URL cannot be parsed, as EventSource does. */
    constructor(url: string | URL, options?: SharedEventSourceOptions);
    get readyState(): 0 | 1 | 2;
    get state(): ConnectionState;
    /** Who holds the connection. */
    get role(): Role;
    /** Attempts failed in a row. */
    get attempt(): number;
    /** Milliseconds until the next attempt; null if none is planned. */
    get retryIn(): number | null;
    /** The id of the last event; before that where it was to start. */
    get lastEventId(): string;
    /** The subscription behind this object. */
    get connection(): Subscription;
    get onopen(): ((event: Event) => unknown) | null;
    set onopen(handler: ((event: Event) => unknown) | null);
    get onmessage(): ((event: MessageEvent<string>) => unknown) | null;
    set onmessage(handler: ((event: MessageEvent<string>) => unknown) | null);
    get onerror(): ((event: Event) => unknown) | null;
    set onerror(handler: ((event: Event) => unknown) | null);
    /** Connects anew at once, from the cursor, for all that share the connection. */
    reconnect(): void;
    close(): void;
}
export {};
