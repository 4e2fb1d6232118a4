import { linkFor, type Link, type Member } from './link.js';
import { Keeper, type Persist } from './persist.js';
import type { ConnectionState, Gap, Role, Share, SseStateDetail, StateChange, StateReason } from './types.js';
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
export const idle: SseStateDetail = { state: 'idle', attempt: 0, nextRetryMs: null, reason: 'close', role: 'none' };

let made = 0;

/**
 * A stream as one element or object of the page sees it. Where its events come from, and who else lives from the same
 * connection, is up to the page's link.
 */
export class Subscription implements Member {
  mark: Mark;
  feed = 0;
  repeated = 0;
  readonly link: Link;
  /** Another one after each end: what is still on its way from the host is not meant for the next beginning. */
  #id = ++made;
  readonly #options: SubscriptionOptions;
  readonly #observer: SubscriptionObserver;
  #types: ReadonlySet<string>;
  #last = idle;
  #lastEventId: string;
  readonly #keeper: Keeper;
  #unwatch: (() => void) | undefined;

  constructor(options: SubscriptionOptions, observer: SubscriptionObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#types = options.types;
    this.#keeper = new Keeper(options.persist, options.url, () => this.mark.id);
    const id = this.#keeper.load() || options.lastEventId;
    this.#lastEventId = id;
    this.mark = { id, at: NaN, line: '' };
    this.link = linkFor(options.share);
  }

  get wanted(): Wanted {
    const { url, withCredentials, headers } = this.#options;
    const key = headers && (typeof headers === 'function' ? '*' : JSON.stringify(headers));
    // The query asks a bundler (Vite) to leave it a file, small as it is: a worker may be forbidden to load `data:`.
    const file = key && new URL('./tidings-fetch.js?no-inline', import.meta.url).href;
    return { id: this.#id, url, withCredentials, types: [...this.#types], mark: this.mark, headers: key, file };
  }

  get state(): ConnectionState {
    return this.#last.state;
  }

  get last(): SseStateDetail {
    return this.#last;
  }

  get role(): Role {
    return this.link.role;
  }

  /** The id of the last event; before that where it was to start. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** Replaces the event types to hand on, from now on, without a new connection. */
  listen(types: ReadonlySet<string>): void {
    this.#types = types;
    if (this.#active) this.link.send({ k: 'want', wanted: this.wanted });
  }

  /** Does nothing unless idle or closed. In a page that is in the back/forward cache it counts when that comes back. */
  open(reason: StateReason): void {
    if (this.#active) return;
    if (this.#options.when === 'visible' && !this.#watchSight()) return;
    this.#enter('connecting', reason);
    if (this.#active) this.link.add(this);
  }

  /** Does nothing if idle or closed. No event comes after it. The connection may stay for `linger` milliseconds. */
  close(reason: StateReason, linger = 0): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#leave(reason, linger);
  }

  #leave(reason: StateReason, linger: number): void {
    this.link.remove(this, linger);
    this.#id = ++made;
    this.hide(reason);
  }

  /** Ends what there is and connects again at once, from the cursor; for all that share the connection. */
  reconnect(reason: StateReason): void {
    if (!this.#active) return this.open(reason);
    this.#enter('connecting', reason);
    this.link.send({ k: 'redo', id: this.#id }, true);
  }

  receive(tell: Tell): void {
    if (tell.k === 'event') this.#take(tell);
    else if (tell.k === 'mark' || tell.k === 'reset') this.#place(tell);
    else if (tell.k === 'gap') this.#observer.gap(tell.gap);
    else if (tell.k === 'headers') void this.#authorize();
    else if (tell.k === 'state') this.#follow(tell.detail);
  }

  hide(reason: StateReason = 'pagehide'): void {
    this.feed = 0;
    if (!this.#active) return;
    // Only now: later another tab may have kept a place that is further on.
    this.#keeper.save();
    this.#enter('closed', reason);
  }

  restore(): void {
    this.#enter('connecting', 'pageshow');
  }

  moved(): void {
    this.feed = 0;
    if (this.state === 'open') this.#enter('retrying', 'moved', 0);
  }

  /** Follows the page in and out of sight; reports whether it is in sight. */
  #watchSight(): boolean {
    const visible = (): boolean => document.visibilityState === 'visible';
    if (!this.#unwatch) {
      const follow = (): void => (visible() ? this.open('visible') : this.#leave('hidden', 0));
      document.addEventListener('visibilitychange', follow);
      this.#unwatch = () => document.removeEventListener('visibilitychange', follow);
      if (!visible()) this.#enter('closed', 'hidden');
    }
    return visible();
  }

  get #active(): boolean {
    return this.state !== 'idle' && this.state !== 'closed';
  }

  #take({ mark, type, data, lastEventId, origin }: Tell & { k: 'event' }): void {
    if (mark.line === this.mark.line && mark.at <= this.mark.at) {
      this.repeated += 1;
      return;
    }
    this.mark = mark;
    this.#lastEventId = lastEventId;
    this.#keeper.changed();
    this.#observer.event({ type, data, lastEventId, origin });
  }

  #place({ k, feed, mark }: Tell & { k: 'mark' | 'reset' }): void {
    this.feed = feed;
    if (k === 'reset' || mark.line !== this.mark.line || mark.at > this.mark.at) this.mark = mark;
  }

  /** News that is none to this page is left out: the host's connection may have been open before. */
  #follow(change: StateChange): void {
    const { state, reason } = change;
    // The server wants no further attempt, of the next host either.
    if (reason === 'ended') this.close(reason);
    if (state === 'closed') return;
    if (state === this.state && state !== 'retrying' && reason !== 'expiring') return;
    // A page that waits for its next host is not connecting for the first time.
    if (state === 'connecting' && this.#last.reason === 'moved') return;
    this.#become(change);
  }

  async #authorize(): Promise<void> {
    const { headers } = this.#options;
    // No request can be made with these: without what was meant to go along, the server might say less than is wanted.
    let made: Headers = { '': '' };
    try {
      made = typeof headers === 'function' ? await headers() : (headers as Headers);
    } catch (error) {
      reportError(error);
    }
    this.link.send({ k: 'headers', id: this.#id, headers: made });
  }

  #enter(state: ConnectionState, reason: StateReason, nextRetryMs: number | null = null): void {
    this.#become({ ...idle, state, nextRetryMs, reason });
  }

  #become(change: StateChange): void {
    this.#last = { ...change, role: this.link.role };
    this.#observer.state(this.#last);
  }
}
