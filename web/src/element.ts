import { Bindings } from './bindings.js';
import { EventDetail } from './detail.js';
import type { SseDetail } from './dom-types.js';
import { eventTypes, wordsOf, isFailure, isReserved } from './events.js';
import { HandlerSlot } from './handler.js';
import type { Persist } from './persist.js';
import { StateSet } from './states.js';
import { idle, Subscription, type Headers } from './subscription.js';
import type { ConnectionState, Gap, Share, SseStateDetail, StateReason } from './types.js';
import type { StreamEvent } from './upstream.js';

/** Where there is no DOM, as in a server's renderer, the class can still be imported, only not be made. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

type Options = boolean | AddEventListenerOptions;

/** As for the browser's EventSource: a name that the DOM does not know is one of the stream's. */
export interface EventSourceElement {
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: EventSourceElement, event: HTMLElementEventMap[K]) => unknown,
    options?: Options,
  ): void;
  addEventListener(
    type: string,
    listener: (this: EventSourceElement, event: MessageEvent<string>) => unknown,
    options?: Options,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: Options): void;
}

/** Properties that a script or a framework may have set before the element was defined. */
const properties: readonly (keyof EventSourceElement)[] = [
  'src', 'events', 'withCredentials', 'paused', 'share', 'headers', 'onopen', 'onmessage',
];

/** A connection that an element leaves by its removal stays so long, in milliseconds: page fragments are swapped. */
const linger = 1_000;

/**
 * `<event-source src="/stream" events="price trade">`: holds a stream of Server-Sent Events for as long as it is in the
 * document, and gives its events to scripts and to its own descendants.
 *
 * Attributes are brought into effect together, in a microtask after the last change; so is removal from the document,
 * and an element that was only moved keeps its connection.
 */
export class EventSourceElement extends Base {
  static readonly observedAttributes: readonly string[] = ['src', 'events', 'with-credentials', 'paused', 'share', 'when'];

  readonly #bindings: Bindings = new Bindings(this);
  readonly #states: StateSet = new StateSet(this);
  readonly #onopen: HandlerSlot<Event> = new HandlerSlot(this, 'open');
  readonly #onmessage: HandlerSlot<MessageEvent<string>> = new HandlerSlot(this, 'message');
  #upstream: Subscription | undefined;
  #upstreamUrl = '';
  #upstreamKey = '';
  #headers: Headers | (() => Headers | Promise<Headers>) | undefined;
  #state: ConnectionState = 'idle';
  #error: StateReason | null = null;
  #stopped = false;
  #queued = false;

  /** The address as written, '' if none. A new one connects anew, starting from `last-event-id`. */
  get src(): string {
    return this.getAttribute('src') ?? '';
  }

  set src(value: string | null | undefined) {
    this.#reflect('src', value);
  }

  /** The address in full, without the cursor that reconnects add; '' if there is none or it cannot be parsed. */
  get url(): string {
    try {
      return this.src && new URL(this.src, this.baseURI).href;
    } catch {
      return '';
    }
  }

  /** The names listed in `events`. Set with a list or with the attribute's own spelling. Takes effect on what
   *  arrives from then on, without a new connection. */
  get events(): string[] {
    return wordsOf(this.getAttribute('events'));
  }

  set events(value: string | Iterable<string> | null | undefined) {
    this.#reflect('events', typeof value === 'string' ? value : value && [...value].join(' '));
  }

  /** Whether cookies go to other origins too. */
  get withCredentials(): boolean {
    return this.hasAttribute('with-credentials');
  }

  set withCredentials(value: boolean) {
    this.toggleAttribute('with-credentials', Boolean(value));
  }

  /** While true no connection is held. When it ends, the stream goes on from the cursor. */
  get paused(): boolean {
    return this.hasAttribute('paused');
  }

  set paused(value: boolean) {
    this.toggleAttribute('paused', Boolean(value));
  }

  /** How the connection is shared with other tabs: `auto` unless the attribute says otherwise. */
  get share(): Share {
    const share = this.getAttribute('share') ?? '';
    return /^(worker|leader|none)$/.test(share) ? (share as Share) : 'auto';
  }

  set share(value: Share | null | undefined) {
    this.#reflect('share', value);
  }

  /** Headers to send, or a function that makes them before each request: the stream is then read with `fetch`. Other
   *  headers connect anew; another function is asked from the next request on. */
  get headers(): Headers | (() => Headers | Promise<Headers>) | undefined {
    return this.#headers;
  }

  set headers(value: Headers | (() => Headers | Promise<Headers>) | undefined) {
    this.#headers = value;
    this.#schedule();
  }

  /** Why there is no stream, if one was lost or refused and is not back; else null. */
  get error(): StateReason | null {
    return this.#error;
  }

  /** The subscription behind the element, undefined before the first. Its `role` says who holds the connection: the
   *  element's own `role` is that of accessibility. */
  get connection(): Subscription | undefined {
    return this.#upstream;
  }

  /** `EventSource.CONNECTING`, `OPEN` or `CLOSED`; `state` says more. */
  get readyState(): 0 | 1 | 2 {
    if (this.#state === 'open') return 1;
    return /ing$/.test(this.#state) ? 0 : 2;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The cursor: id of the last event seen, '' if none. Before the first one, the attribute `last-event-id`. */
  get lastEventId(): string {
    return this.#upstream?.lastEventId ?? this.getAttribute('last-event-id') ?? '';
  }

  get onopen(): ((event: Event) => unknown) | null {
    return this.#onopen.get();
  }

  set onopen(handler: ((event: Event) => unknown) | null) {
    this.#onopen.set(handler);
  }

  get onmessage(): ((event: MessageEvent<string>) => unknown) | null {
    return this.#onmessage.get();
  }

  set onmessage(handler: ((event: MessageEvent<string>) => unknown) | null) {
    this.#onmessage.set(handler);
  }

  /** Ends the connection until `open` or `reconnect`. The cursor is kept. */
  close(): void {
    this.#stopped = true;
    this.#settle();
  }

  /** Takes back a `close`. Has no effect on an element that is paused or not in a document. */
  open(): void {
    this.#stopped = false;
    this.#settle('start');
  }

  /** Connects anew at once, from the cursor, without sitting out a wait. Also takes back a `close`. */
  reconnect(): void {
    this.#stopped = false;
    this.#settle('reconnect');
  }

  connectedCallback(): void {
    for (const name of properties) {
      if (!Object.hasOwn(this, name)) continue;
      // It was set before the element was defined, and hides its accessor: it is set again through that.
      const value = this[name];
      delete (this as Partial<EventSourceElement>)[name];
      Object.assign(this, { [name]: value });
    }
    this.#schedule();
    this.#bindings.refresh();
    if (document.readyState === 'loading') {
      // The parser has not reached our descendants yet.
      document.addEventListener('DOMContentLoaded', () => this.#bindings.refresh(), { once: true });
    }
  }

  disconnectedCallback(): void {
    this.#schedule();
  }

  attributeChangedCallback(): void {
    this.#schedule();
  }

  #schedule(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#settle();
    });
  }

  /** Brings the connection in line with attributes, place in the document and calls so far. What the server has ended is
   *  begun again only if that is `asked` for, or for another connection. */
  #settle(asked?: 'start' | 'reconnect'): void {
    const url = this.url;
    const obstacle =
      (!this.isConnected && 'removed') ||
      (this.#stopped && 'close') ||
      (this.paused && 'paused') ||
      (url === '' && (this.src === '' ? 'no-src' : 'invalid-src'));
    if (obstacle) {
      this.#upstream?.close(obstacle, obstacle === 'removed' ? linger : 0);
      if (obstacle === 'invalid-src' && this.#state !== 'closed') this.#become({ ...idle, state: 'closed', reason: obstacle });
      return;
    }
    const types = eventTypes(this.getAttribute('events'));
    const same = this.#upstreamUrl === url && this.#upstreamKey === this.#key;
    const upstream = (same && this.#upstream) || this.#replaceUpstream(url, types);
    upstream.listen(types);
    if (asked === 'reconnect') upstream.reconnect(asked);
    else if (asked || this.#error !== 'ended') upstream.open('start');
  }

  /** As frameworks write it, a property without a value is an attribute that is not there. */
  #reflect(name: string, value: string | null | undefined): void {
    if (value == null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** What asks for another connection when it changes, beside the address. */
  get #key(): string {
    const headers = this.#headers;
    return [this.withCredentials, this.share, this.getAttribute('when'), typeof headers, JSON.stringify(headers)].join();
  }

  #replaceUpstream(url: string, types: ReadonlySet<string>): Subscription {
    const old = this.#upstream;
    const again = this.#upstreamUrl === url ? old : undefined;
    const lastEventId = again?.lastEventId ?? this.getAttribute('last-event-id') ?? '';
    // The old one is disowned first: that it closes is no news, its successor connects at once.
    this.#upstream = undefined;
    old?.close('start');
    this.#error = null;
    const { withCredentials, share } = this;
    // A framework may make another function for each rendering.
    const headers = typeof this.#headers === 'function' ? () => (this.#headers as () => Headers | Promise<Headers>)() : this.#headers;
    const persist = this.getAttribute('persist') as Persist;
    const when = this.getAttribute('when') as 'visible' | null;
    const options = { url, withCredentials, lastEventId, types, share, headers, persist, when } as const;
    const upstream: Subscription = new Subscription(options, {
      event: (event) => this.#deliver(event),
      state: (change) => this.#upstream === upstream && this.#become(change),
      gap: (detail) => this.#tell('sse:gap', detail),
    });
    // An id may be its publisher's, and there may be none yet: the mark is exact.
    if (again) upstream.mark = again.mark;
    this.#upstream = upstream;
    this.#upstreamUrl = url;
    this.#upstreamKey = this.#key;
    return upstream;
  }

  /** Tells the document; returns whether nobody prevented the default. */
  #tell(name: string, detail: Gap | SseDetail | SseStateDetail): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: name === 'sse' }));
  }

  #deliver(event: StreamEvent): void {
    const { type, data, lastEventId, origin } = event;
    const detail: SseDetail = new EventDetail(event, this);
    const value = this.hasAttribute('json') ? detail.json : data;
    // Does not bubble: a listener for `message` on the window expects something else.
    if (!isReserved(type)) this.dispatchEvent(new MessageEvent(type, { data: value, lastEventId, origin }));
    if (this.#tell('sse', detail)) this.#bindings.event(detail);
  }

  #become(detail: SseStateDetail): void {
    const { state, reason } = detail;
    this.#state = state;
    const failure = isFailure(reason) ? reason : null;
    if (failure || state !== 'retrying') this.#error = failure;
    this.#states.set(state);
    this.#bindings.state(state);
    this.#tell('sse:state', detail);
    if (reason === 'connected') this.dispatchEvent(new Event('open'));
    if (failure) this.dispatchEvent(new Event('error'));
  }
}
