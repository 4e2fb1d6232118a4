import { Backoff } from './backoff.js';
import { Cursor } from './cursor.js';
import { browserHost, type Host, type PageObserver } from './host.js';
import type { ConnectionState, SseStateDetail, StateReason } from './types.js';
import type { Connect, Upstream, UpstreamObserver, UpstreamOptions } from './upstream.js';

/** Listened to on every stream, wanted or not: their ids keep the cursor fresh. A server may name events `open`
 *  and `error` too; those arrive as MessageEvents, beside the browser's own plain events of these names. */
const always: readonly string[] = ['message', 'open', 'error'];

/** Opens a connection of its own for each call. */
export const connectDirect: Connect = (options, observer) => new Connection(options, observer);

/**
 * One stream over the browser's EventSource, reconnected by us.
 *
 * The browser gives up for good on any answer but 200 with `text/event-stream`, in Firefox also when the first
 * attempt is refused, and where it does retry it does so at a constant interval without jitter. So after any
 * error, whether it has given up or is about to retry, its EventSource is closed and a new one is made later.
 * That also means that there is never a moment with two.
 */
export class Connection implements Upstream, PageObserver {
  readonly #options: UpstreamOptions;
  readonly #observer: UpstreamObserver;
  readonly #host: Host;
  readonly #backoff: Backoff;
  readonly #cursor: Cursor;
  #types: ReadonlySet<string>;
  #state: ConnectionState = 'idle';
  #source: EventSource | undefined;
  #listening = new Set<string>();
  #openedAt: number | undefined;
  #cancelRetry: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  /** The page lies in the back/forward cache, or is about to. */
  #away = false;

  constructor(options: UpstreamOptions, observer: UpstreamObserver, host: Host = browserHost) {
    this.#options = options;
    this.#observer = observer;
    this.#host = host;
    this.#backoff = new Backoff(() => host.random());
    this.#cursor = new Cursor(options.lastEventId);
    this.#types = options.types;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get lastEventId(): string {
    return this.#cursor.id;
  }

  listen(types: ReadonlySet<string>): void {
    this.#types = types;
    this.#addListeners();
  }

  open(reason: StateReason): void {
    if (this.#away || (this.#state !== 'idle' && this.#state !== 'closed')) return;
    this.#unwatch ??= this.#host.watch(this);
    this.#begin(reason);
  }

  close(reason: StateReason): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#away = false;
    if (this.#state !== 'idle' && this.#state !== 'closed') this.#end(reason);
  }

  reconnect(reason: StateReason): void {
    if (this.#away) return;
    this.#unwatch ??= this.#host.watch(this);
    this.#begin(reason);
  }

  wake(reason: 'online' | 'visible'): void {
    if (this.#cancelRetry) this.#attempt(reason);
  }

  hide(): void {
    this.#away = true;
    this.#end('pagehide');
  }

  restore(): void {
    this.#away = false;
    this.#begin('pageshow');
  }

  #begin(reason: StateReason): void {
    this.#backoff.reset();
    this.#connect();
    this.#become('connecting', reason);
  }

  #attempt(reason: StateReason): void {
    this.#connect();
    this.#become('retrying', reason, 0);
  }

  #end(reason: StateReason): void {
    this.#drop();
    this.#become('closed', reason);
  }

  #connect(): void {
    this.#drop();
    this.#cursor.begin();
    const url = this.#cursor.applyTo(this.#options.url);
    this.#source = this.#host.open(url, this.#options.withCredentials);
    this.#listening = new Set();
    this.#addListeners();
  }

  /** Leaves neither a stream nor a planned attempt. */
  #drop(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#source?.close();
    this.#source = undefined;
    this.#openedAt = undefined;
  }

  /** Types that are no longer wanted stay listened to until the next stream, for the cursor's sake. */
  #addListeners(): void {
    const source = this.#source;
    if (!source) return;
    for (const type of [...always, ...this.#types]) {
      if (this.#listening.has(type)) continue;
      this.#listening.add(type);
      source.addEventListener(type, (event: Event) => {
        if (source === this.#source) this.#receive(event);
      });
    }
  }

  #receive(event: Event): void {
    if (event instanceof MessageEvent) {
      const lastEventId = this.#cursor.see(event.lastEventId);
      if (!this.#types.has(event.type)) return;
      this.#observer.event({ type: event.type, data: event.data, lastEventId, origin: event.origin });
    } else if (event.type === 'open') {
      this.#openedAt = this.#host.now();
      this.#become('open', 'connected');
    } else if (event.type === 'error') {
      this.#failed();
    }
  }

  #failed(): void {
    const openedAt = this.#openedAt;
    this.#drop();
    const wait = this.#backoff.next(openedAt === undefined ? 0 : this.#host.now() - openedAt);
    this.#cancelRetry = this.#host.after(wait, () => this.#attempt('timer'));
    this.#become('retrying', openedAt === undefined ? 'refused' : 'lost', wait);
  }

  #become(state: ConnectionState, reason: StateReason, nextRetryMs: number | null = null): void {
    this.#state = state;
    const change: SseStateDetail = { state, attempt: this.#backoff.failures, nextRetryMs, reason };
    this.#observer.state(change);
  }
}
