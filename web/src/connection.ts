import { Backoff } from './backoff.js';
import { Cursor } from './cursor.js';
import type { Failure, HeadersOf } from './fetch-source.js';
import type { Place, Source } from './place.js';
import type { ConnectionState, StateReason } from './types.js';
import type { UpstreamObserver, UpstreamOptions } from './upstream.js';

/** Listened to on every stream, wanted or not: their ids keep the cursor fresh. A server may name events `open`
 *  and `error` too; those arrive as MessageEvents, beside the browser's own plain events of these names. */
const always: readonly string[] = ['message', 'open', 'error'];

/** A watch looks this often at least; a machine that was late by `asleep` has slept. In milliseconds. */
const patrol = 15_000;
const asleep = 120_000;

/** A stream that was open for less has only just begun, in milliseconds. */
const young = 1_000;

export interface ConnectionOptions extends UpstreamOptions {
  /** Where given, the stream is read with `fetch`, and these are asked for before each request. */
  readonly headers?: HeadersOf | undefined;
  /** Where to find what `fetch` takes. */
  readonly file?: string | undefined;
}

/**
 * One stream over the browser's EventSource, reconnected by us.
 *
 * The browser gives up for good on any answer but 200 with `text/event-stream`, in Firefox also when the first
 * attempt is refused, and where it does retry it does so at a constant interval without jitter. So after any
 * error, whether it has given up or is about to retry, its EventSource is closed and a new one is made later.
 * That also means that there is never a moment with two.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #observer: UpstreamObserver;
  readonly #place: Place;
  readonly #backoff: Backoff;
  readonly #cursor: Cursor;
  #url: string;
  #types: ReadonlySet<string>;
  #state: ConnectionState = 'idle';
  #source: Source | undefined;
  readonly #listening = new Set<string>();
  /** NaN while no stream is open. */
  #openedAt = NaN;
  #cancelRetry: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #aliveAt = 0;
  #silence = Infinity;
  #rest = 0;

  constructor(options: ConnectionOptions, observer: UpstreamObserver, place: Place) {
    this.#options = options;
    this.#observer = observer;
    this.#place = place;
    this.#backoff = new Backoff(() => place.random());
    this.#cursor = new Cursor(options.lastEventId);
    this.#url = options.url;
    this.#types = options.types;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether there is a stream now. While one is replaced the state stays open, and there is none. */
  get live(): boolean {
    return this.#openedAt >= 0;
  }

  get lastEventId(): string {
    return this.#cursor.id;
  }

  /** Where the next attempt goes on from, whatever the last event said. */
  set lastEventId(id: string) {
    this.#cursor.moveTo(id);
  }

  listen(types: ReadonlySet<string>): void {
    this.#types = types;
    this.#addListeners();
  }

  /** Does nothing unless idle or closed. */
  open(reason: StateReason): void {
    if (!this.#active) this.reconnect(reason);
  }

  close(reason: StateReason): void {
    if (!this.#active) return;
    this.#drop();
    this.#become('closed', reason);
  }

  reconnect(reason: StateReason): void {
    this.#backoff.reset();
    this.#connect();
    this.#become('connecting', reason);
  }

  /** The address, without the cursor. */
  get url(): string {
    return this.#url;
  }

  /** The address from now on. A stream is replaced at once, which is no news unless it fails, or else when it ends;
   *  a wait goes on. */
  aim(url: string, now = true): void {
    this.#url = url;
    if (now && this.#source) this.#connect();
  }

  /** Replaces the stream at once, unless it has only just begun: what allowed that one would end the next as soon. */
  renew(): void {
    if (this.#place.now() - this.#openedAt >= young) this.#connect();
  }

  /** The network is back, or a page is in sight again: a wait need not be sat out. */
  wake(reason: 'online' | 'visible'): void {
    if (this.#cancelRetry) this.#attempt(reason);
  }

  /** A stream, or an attempt, is lost when nothing comes for so many milliseconds, from now on. */
  expect(silence: number): void {
    this.#silence = silence;
    if (this.#source) this.#watch();
  }

  /** The wait after the next failure is at least `ms`: the server has asked for it. */
  rest(ms: number): void {
    this.#rest = ms;
  }

  get #active(): boolean {
    return this.#state !== 'idle' && this.#state !== 'closed';
  }

  #attempt(reason: StateReason): void {
    this.#connect();
    this.#become('retrying', reason, 0);
  }

  #connect(): void {
    this.#drop();
    const { withCredentials, headers, file = '' } = this.#options;
    this.#cursor.begin(!!headers);
    const url = this.#cursor.applyTo(this.#url, !!headers);
    this.#source = headers
      ? this.#place.fetch(url, { withCredentials, headers, lastEventId: this.#cursor.id }, file)
      : this.#place.open(url, withCredentials);
    this.#listening.clear();
    this.#addListeners();
    this.#aliveAt = this.#place.now();
    this.#watch();
  }

  /** Leaves neither a stream nor a planned attempt. */
  #drop(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#cancelWatch?.();
    this.#source?.close();
    this.#source = undefined;
    this.#openedAt = NaN;
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
    this.#aliveAt = this.#place.now();
    if (event instanceof MessageEvent) {
      const before = this.lastEventId;
      const lastEventId = this.#cursor.see(event.lastEventId);
      if (!this.#types.has(event.type) && !this.#types.has('*')) return;
      this.#observer.event({ type: event.type, data: event.data, lastEventId, origin: event.origin }, before);
    } else if (event.type === 'open') {
      this.#openedAt = this.#place.now();
      this.#become('open', 'connected');
    } else if (event.type === 'error') {
      this.#failed(event as Failure);
    } else if (event.type === 'retry') {
      this.#backoff.pace((event as CustomEvent<number>).detail);
    } else if (event.type === 'id') {
      this.#cursor.see((event as CustomEvent<string>).detail);
    }
  }

  /** Looks now and then whether the stream is silent, or the machine has slept. */
  #watch(): void {
    this.#cancelWatch?.();
    const start = this.#place.now();
    const period = Math.min(Math.max(this.#aliveAt + this.#silence - start, 1), patrol);
    const due = start + period;
    this.#cancelWatch = this.#place.after(period, () => {
      const now = this.#place.now();
      if (now - this.#aliveAt >= this.#silence || now - due > asleep) this.#failed({}, 'silent');
      else this.#watch();
    });
  }

  #failed({ status, retryAfter }: Partial<Failure>, why: StateReason = 'lost'): void {
    const now = this.#place.now();
    const openFor = now - this.#openedAt;
    this.#drop();
    if (status === 204) {
      this.#become('closed', 'ended');
      return;
    }
    let wait = this.#backoff.next(openFor);
    const asked = Math.max(this.#rest, delay(retryAfter, now));
    // All that were told the same time do not come back in the same moment.
    if (asked > 0) wait += Math.round(asked * (1 + this.#place.random()));
    this.#rest = 0;
    this.#cancelRetry = this.#place.after(wait, () => this.#attempt('timer'));
    this.#become('retrying', isNaN(openFor) ? 'refused' : why, wait);
  }

  #become(state: ConnectionState, reason: StateReason, nextRetryMs: number | null = null): void {
    this.#state = state;
    this.#observer.state({ state, attempt: this.#backoff.failures, nextRetryMs, reason });
  }
}

/** A `Retry-After` in milliseconds, 0 if there is none, at most five minutes. */
function delay(retryAfter: string | null | undefined, now: number): number {
  const ms = Number(retryAfter) * 1_000 || Date.parse(`${retryAfter}`) - now;
  return Math.min(Math.max(ms || 0, 0), 300_000);
}
