import { Feed, type FeedOwner, type Sub } from './feed.js';
import { Hub, prepare } from './hub.js';
import type { Place } from './place.js';
import type { Ask, Deliver, HostInfo, Wanted } from './wire.js';

/**
 * Holds the connections of all pages that live from it: in a worker, in the page that was elected, or in the page that
 * needs it alone. It knows pages by name, and neither locks nor elections: those who make it say when it may begin.
 */
export class Host implements FeedOwner {
  readonly place: Place;
  readonly deliver: Deliver;
  readonly feeds: Set<Feed> = new Set();
  readonly #pages = new Map<string, Map<number, Sub>>();
  #made = 0;
  #stopped = false;

  constructor(deliver: Deliver, place: Place) {
    this.deliver = deliver;
    this.place = place;
  }

  get info(): HostInfo {
    return { pages: this.#pages.size, feeds: [...this.feeds].map(({ info }) => info) };
  }

  receive(page: string, ask: Ask): void {
    if (this.#stopped) return;
    const feed = 'id' in ask ? this.#pages.get(page)?.get(ask.id)?.feed : undefined;
    if (ask.k === 'want') this.#want(page, ask.wanted);
    else if (ask.k === 'drop') this.#drop(page, ask.id, ask.linger);
    else if (ask.k === 'redo') feed?.redo();
    else if (ask.k === 'headers') feed?.authorize(ask.headers);
    else if (ask.k === 'wake') for (const { connection } of this.feeds) connection.wake(ask.reason);
    else if (ask.k === 'ping') this.deliver(new Map([[page, []]]), { k: 'pong' });
    else if (ask.k === 'info') this.deliver(new Map([[page, []]]), { k: 'info', info: this.info });
    else if (ask.k === 'gone') this.gone(page);
  }

  /** The page is no more, or has gone into the back/forward cache. */
  gone(page: string): void {
    for (const id of this.#pages.get(page)?.keys() ?? []) this.#drop(page, id, 0);
  }

  /** Closes every connection, for good. */
  stop(): void {
    this.#stopped = true;
    for (const feed of this.feeds) this.remove(feed);
  }

  settle(sub: Sub, apart = false): void {
    let feed = apart ? undefined : [...this.feeds].find((each) => each.accepts(sub));
    if (!feed) {
      feed = new Feed(++this.#made, sub, this);
      if (sub.matchers.length > 0) feed.dialect = new Hub(feed, this);
      this.feeds.add(feed);
    }
    feed.join(sub);
  }

  remove(feed: Feed): void {
    this.feeds.delete(feed);
    feed.close();
  }

  #want(page: string, wanted: Wanted): void {
    const { id, types, mark } = wanted;
    let wants = this.#pages.get(page);
    if (!wants) this.#pages.set(page, (wants = new Map()));
    const known = wants.get(id);
    if (known?.feed && this.feeds.has(known.feed)) {
      known.types = types;
      known.feed.listen();
      return;
    }
    const sub: Sub = { page, wanted, base: '', matchers: [], types, mark, covered: false };
    wants.set(id, sub);
    prepare(sub, this.feeds);
    this.settle(sub);
  }

  #drop(page: string, id: number, linger: number): void {
    const wants = this.#pages.get(page);
    const sub = wants?.get(id);
    if (!sub) return;
    wants?.delete(id);
    if (wants?.size === 0) this.#pages.delete(page);
    sub.feed?.leave(sub, linger);
  }
}
