import { Subscription, type Headers } from './subscription.js';
import type { ConnectionState, Share, StateReason } from './types.js';
/** Where there is no DOM, as in a server's renderer, the class can still be imported, only not be made. */
declare const Base: typeof HTMLElement;
type Options = boolean | AddEventListenerOptions;
/** As for the browser's EventSource: a name that the DOM does not know is one of the stream's. */
export interface EventSourceElement {
    addEventListener<K extends keyof HTMLElementEventMap>(type: K, listener: (this: EventSourceElement, event: HTMLElementEventMap[K]) => unknown, options?: Options): void;
    addEventListener(type: string, listener: (this: EventSourceElement, event: MessageEvent<string>) => unknown, options?: Options): void;
    addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: Options): void;
}
/**
 * `<event-source src="/stream" events="price trade">`: holds a stream of Server-Sent Events for as long as it is in the
 * document, and gives its events to scripts and to its own descendants.
 *
 * Attributes are brought into effect together, in a microtask after the last change; so is removal from the document,
 * and an element that was only moved keeps its connection.
 */
export declare class EventSourceElement extends Base {
    #private;
    static readonly observedAttributes: readonly string[];
    /** The address as written, '' if none. A new one connects anew, starting from `last-event-id`. */
    get src(): string;
    set src(value: string | null | undefined);
    /** The address in full, without the cursor that reconnects add; '' if there is none or it cannot be parsed. */
    get url(): string;
    /** The names listed in `events`. Set with a list or with the attribute's own spelling. Takes effect on what
     *  arrives from then on, without a new connection. */
    get events(): string[];
    set events(value: string | Iterable<string> | null | undefined);
    /** Whether cookies go to other origins too. */
    get withCredentials(): boolean;
    set withCredentials(value: boolean);
    /** While true no connection is held. When it ends, the stream goes on from the cursor. */
    get paused(): boolean;
    set paused(value: boolean);
    /** How the connection is shared with other tabs: `auto` unless the attribute says otherwise. */
    get share(): Share;
    set share(value: Share | null | undefined);
    /** Headers to send, or a function that makes them before each request: the stream is then read with `fetch`. Other
     *  headers connect anew; another function is asked from the next request on. */
    get headers(): Headers | (() => Headers | Promise<Headers>) | undefined;
    set headers(value: Headers | (() => Headers | Promise<Headers>) | undefined);
    /** Why there is no stream, if one was lost or refused and is not back; else null. */
    get error(): StateReason | null;
    /** The subscription behind the element, undefined before the first. Its `role` says who holds the connection: the
     *  element's own `role` is that of accessibility. */
    get connection(): Subscription | undefined;
    /** `EventSource.CONNECTING`, `OPEN` or `CLOSED`; `state` says more. */
    get readyState(): 0 | 1 | 2;
    get state(): ConnectionState;
    /** The cursor: id of the last event seen, '' if none. Before the first one, the attribute `last-event-id`. */
    get lastEventId(): string;
    get onopen(): ((event: Event) => unknown) | null;
    set onopen(handler: ((event: Event) => unknown) | null);
    get onmessage(): ((event: MessageEvent<string>) => unknown) | null;
    set onmessage(handler: ((event: MessageEvent<string>) => unknown) | null);
    /** Ends the connection until `open` or `reconnect`. The cursor is kept. */
    close(): void;
    /** Takes back a `close`. Has no effect on an element that is paused or not in a document. */
    open(): void;
    /** Connects anew at once, from the cursor, without sitting out a wait. Also takes back a `close`. */
    reconnect(): void;
    connectedCallback(): void;
    disconnectedCallback(): void;
    attributeChangedCallback(): void;
}
export {};
