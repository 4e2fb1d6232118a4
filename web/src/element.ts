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

  set src(value: string) {
    this.setAttribute('src', value);
  }

  /** The address in full, without the cursor that reconnects add; '' if there is none or it cannot be parsed. */
  get url(): string {
    return this.src === '' ? '' : resolve(this.src, this.baseURI);
  }

  /** The names listed in `events`. Set with a list or with the attribute's own spelling. Takes effect on what
   *  arrives from then on, without a new connection. */
  get events(): string[] {
    return wordsOf(this.getAttribute('events'));
  }

  set events(value: string | Iterable<string>) {
    this.setAttribute('events', typeof value === 'string' ? value : [...value].join(' '));
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

  set share(value: Share) {
    this.setAttribute('share', value);
  }

  /** Headers to send, or a function that makes them before each request: the stream is then read with `fetch`. Takes
   *  effect with the next connection that the element asks for. */
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
    return this.#state === 'connecting' || this.#state === 'retrying' ? 0 : 2;
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
    this.#settle();
  }

  /** Connects anew at once, from the cursor, without sitting out a wait. Also takes back a `close`. */
  reconnect(): void {
    this.#stopped = false;
    this.#settle('reconnect');
  }

  connectedCallback(): void {
    for (const name of properties) this.#upgrade(name);
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

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.#schedule();
  }

  #schedule(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#settle();
    });
  }

  /** Brings the connection in line with attributes, place in the document and calls so far. */
  #settle(reason: 'start' | 'reconnect' = 'start'): void {
    const url = this.url;
    const obstacle = this.#obstacle(url);
    if (obstacle) {
      this.#shut(obstacle);
      return;
    }
    const types = eventTypes(this.getAttribute('events'));
    const same = this.#upstreamUrl === url && this.#upstreamKey === this.#key;
    const upstream = (same && this.#upstream) || this.#replaceUpstream(url, types);
    upstream.listen(types);
    if (reason === 'reconnect') upstream.reconnect(reason);
    else upstream.open(reason);
  }

  /** Why no connection may be held, if so. */
  #obstacle(url: string): StateReason | undefined {
    if (!this.isConnected) return 'removed';
    if (this.#stopped) return 'close';
    if (this.paused) return 'paused';
    if (this.src === '') return 'no-src';
    return url === '' ? 'invalid-src' : undefined;
  }

  #shut(reason: StateReason): void {
    this.#upstream?.close(reason, reason === 'removed' ? linger : 0);
    if (reason === 'invalid-src' && this.#state !== 'closed') {
      this.#become({ ...idle, state: 'closed', reason });
    }
  }

  /** What asks for another connection when it changes, beside the address. */
  get #key(): string {
    const headers = typeof this.#headers === 'object' ? JSON.stringify(this.#headers) : typeof this.#headers;
    return [this.withCredentials, this.share, this.getAttribute('when'), headers].join();
  }

  #replaceUpstream(url: string, types: ReadonlySet<string>): Subscription {
    const old = this.#upstream;
    const lastEventId = old && this.#upstreamUrl === url ? old.lastEventId : (this.getAttribute('last-event-id') ?? '');
    // The old one is disowned first: that it closes is no news, its successor connects at once.
    this.#upstream = undefined;
    old?.close('start');
    const { withCredentials, share } = this;
    const persist = this.getAttribute('persist') as Persist;
    const when = this.getAttribute('when') as 'visible' | null;
    const options = { url, withCredentials, lastEventId, types, share, headers: this.#headers, persist, when } as const;
    const upstream: Subscription = new Subscription(options, {
      event: (event) => this.#upstream === upstream && this.#deliver(event),
      state: (change) => this.#upstream === upstream && this.#become(change),
      gap: (detail) => this.#upstream === upstream && this.#tell('sse:gap', detail),
    });
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
    this.#states.set(state);
    this.#bindings.state(state);
    this.#tell('sse:state', detail);
    if (reason === 'connected') this.dispatchEvent(new Event('open'));
    if (state !== 'retrying') this.#error = null;
    if (!isFailure(reason)) return;
    this.#error = reason;
    this.dispatchEvent(new Event('error'));
  }

  /** A property that was set before the element was defined hides its accessor: sets it again through that. */
  #upgrade(name: keyof EventSourceElement): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete (this as Partial<EventSourceElement>)[name];
    Object.assign(this, { [name]: value });
  }
}

function resolve(src: string, base: string): string {
  try {
    return new URL(src, base).href;
  } catch {
    return '';
  }
}
