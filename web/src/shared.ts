import { isFailure, isReserved } from './events.js';
import { HandlerSlot } from './handler.js';
import type { Persist } from './persist.js';
import { Subscription, type Headers } from './subscription.js';
import type { ConnectionState, Gap, Role, Share, SseStateDetail } from './types.js';
import type { StreamEvent } from './upstream.js';

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
const Base: typeof EventTarget = globalThis.EventTarget ?? (class {} as unknown as typeof EventTarget);

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
export class SharedEventSource<M extends Record<keyof M, string> = Record<string, string>> extends Base implements EventTarget {
  static readonly CONNECTING = 0 as const;
  static readonly OPEN = 1 as const;
  static readonly CLOSED = 2 as const;
  readonly CONNECTING = 0 as const;
  readonly OPEN = 1 as const;
  readonly CLOSED = 2 as const;
  /** The address in full. */
  readonly url: string;
  readonly withCredentials: boolean;
  readonly #types: Set<string>;
  readonly #subscription: Subscription;
  readonly #onopen: HandlerSlot<Event> = new HandlerSlot(this, 'open');
  readonly #onmessage: HandlerSlot<MessageEvent<string>> = new HandlerSlot(this, 'message');
  readonly #onerror: HandlerSlot<Event> = new HandlerSlot(this, 'error');
  #due = 0;

  /** Throws a SyntaxError if the URL cannot be parsed, as EventSource does. */
  constructor(url: string | URL, options: SharedEventSourceOptions = {}) {
    super();
    const { withCredentials = false, share = 'auto', events = [], lastEventId = '', ...more } = options;
    try {
      this.url = new URL(url, document.baseURI).href;
    } catch {
      throw new DOMException(`${url} is no URL`, 'SyntaxError');
    }
    this.withCredentials = withCredentials;
    this.#types = new Set(['message', ...events]);
    const wants = { ...more, url: this.url, withCredentials, share, lastEventId, types: this.#types };
    this.#subscription = new Subscription(wants, {
      event: (event) => this.#deliver(event),
      state: (change) => this.#become(change),
      gap: (detail) => this.dispatchEvent(new CustomEvent('gap', { detail })),
    });
    this.#subscription.open('start');
  }

  get readyState(): 0 | 1 | 2 {
    const { state } = this;
    if (state === 'open') return 1;
    return state === 'closed' ? 2 : 0;
  }

  get state(): ConnectionState {
    return this.#subscription.state;
  }

  /** Who holds the connection. */
  get role(): Role {
    return this.#subscription.role;
  }

  /** Attempts failed in a row. */
  get attempt(): number {
    return this.#subscription.last.attempt;
  }

  /** Milliseconds until the next attempt; null if none is planned. */
  get retryIn(): number | null {
    return this.#subscription.last.nextRetryMs && Math.max(0, this.#due - Date.now());
  }

  /** The id of the last event; before that where it was to start. */
  get lastEventId(): string {
    return this.#subscription.lastEventId;
  }

  /** The subscription behind this object. */
  get connection(): Subscription {
    return this.#subscription;
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

  get onerror(): ((event: Event) => unknown) | null {
    return this.#onerror.get();
  }

  set onerror(handler: ((event: Event) => unknown) | null) {
    this.#onerror.set(handler);
  }

  override addEventListener(type: string, listener: ((this: this, event: never) => unknown) | EventListenerObject | null, options?: Options): void {
    super.addEventListener(type, listener as EventListener, options);
    // While the base class is made, there is no subscription yet.
    if (isReserved(type) || this.#types.has(type)) return;
    this.#types.add(type);
    this.#subscription.listen(this.#types);
  }

  /** Connects anew at once, from the cursor, for all that share the connection. */
  reconnect(): void {
    this.#subscription.reconnect('reconnect');
  }

  close(): void {
    this.#subscription.close('close');
  }

  #deliver({ type, data, lastEventId, origin }: StreamEvent): void {
    if (!isReserved(type)) this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin }));
  }

  #become(detail: SseStateDetail): void {
    const { reason, nextRetryMs } = detail;
    this.#due = Date.now() + (nextRetryMs ?? 0);
    this.dispatchEvent(new CustomEvent('sse:state', { detail }));
    if (reason === 'connected') this.dispatchEvent(new Event('open'));
    if (isFailure(reason)) this.dispatchEvent(new Event('error'));
  }
}
