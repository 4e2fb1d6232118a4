import { addressOf } from './address.js';
import { Feed, type FeedOwner, type Group, type Sub } from './feed.js';
import { browserPlace, type Place } from './place.js';
import type { Ask, Deliver, HostInfo, Wanted } from './wire.js';

/** Matchers on a stream to a hub that has not told its limit. */
const unknownLimit = 50;

/**
 * Holds the connections of all pages that live from it: in a worker, in the page that was elected, or in the page that
 * needs it alone. It knows pages by name, and neither locks nor elections: those who make it say when it may begin.
 */
export class Host implements FeedOwner {
  readonly place: Place;
  readonly deliver: Deliver;
  readonly #groups = new Map<string, Group>();
  readonly #pages = new Map<string, Map<number, { sub: Sub; feed: Feed }>>();
  #feeds = 0;
  #stopped = false;

  constructor(deliver: Deliver, place: Place = browserPlace) {
    this.deliver = deliver;
    this.place = place;
  }

  get info(): HostInfo {
    return { pages: this.#pages.size, feeds: [...this.#all()].map(({ info }) => info) };
  }

  receive(page: string, ask: Ask): void {
    if (this.#stopped) return;
    const wants = this.#pages.get(page);
    if (ask.k === 'want') this.#want(page, ask.wanted);
    else if (ask.k === 'drop') this.#drop(page, ask.id, ask.linger);
    else if (ask.k === 'redo') wants?.get(ask.id)?.feed.redo();
    else if (ask.k === 'headers') wants?.get(ask.id)?.feed.authorize(ask.headers);
    else if (ask.k === 'wake') for (const feed of this.#all()) feed.wake(ask.reason);
    else if (ask.k === 'ping') this.deliver(new Map([[page, []]]), { k: 'pong' });
    else if (ask.k === 'info') this.deliver(new Map([[page, []]]), { k: 'info', info: this.info });
    else if (ask.k === 'gone') this.gone(page);
  }

  /** The page is no more, or has gone into the back/forward cache. */
  gone(page: string): void {
    for (const id of this.#pages.get(page)?.keys() ?? []) this.#drop(page, id, 0);
    this.#pages.delete(page);
  }

  /** Closes every connection, for good. */
  stop(): void {
    this.#stopped = true;
    for (const feed of this.#all()) feed.close();
    this.#groups.clear();
  }

  resolved(feed: Feed): void {
    for (const other of feed.group.feeds) {
      if (other === feed || other.unresolved) continue;
      if (![...feed.subs].every((sub) => other.accepts(sub))) continue;
      this.#move(feed, other);
      return;
    }
  }

  plain(feed: Feed): void {
    const { group } = feed;
    group.mode = 'plain';
    for (const each of [...group.feeds]) {
      const subs = [...each.subs];
      if (new Set(subs.map(({ wanted }) => wanted.url)).size === 1) {
        each.becomePlain();
        continue;
      }
      group.feeds.delete(each);
      each.close();
      for (const sub of subs) this.#place(sub, group);
    }
  }

  empty(feed: Feed): void {
    feed.group.feeds.delete(feed);
    for (const [key, { feeds }] of this.#groups) if (feeds.size === 0) this.#groups.delete(key);
  }

  #want(page: string, wanted: Wanted): void {
    let wants = this.#pages.get(page);
    if (!wants) this.#pages.set(page, (wants = new Map()));
    const known = wants.get(wanted.id);
    if (known) {
      known.sub.types = new Set(wanted.types);
      known.feed.retype();
      return;
    }
    const address = addressOf(wanted.url);
    const mark = wanted.mark.id === '' && address.cursor !== '' ? { id: address.cursor, at: NaN, line: '' } : wanted.mark;
    const sub: Sub = { page, wanted, address, types: new Set(wanted.types), mark, covered: false };
    const key = `${address.base} ${wanted.withCredentials} ${wanted.headers}`;
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = { mode: address.matchers.length > 0 ? 'new' : 'plain', limit: unknownLimit, feeds: new Set() }));
    this.#place(sub, group);
  }

  #place(sub: Sub, group: Group): void {
    let feed = [...group.feeds].find((each) => each.accepts(sub));
    if (!feed) group.feeds.add((feed = new Feed(++this.#feeds, group, sub, this)));
    this.#pages.get(sub.page)?.set(sub.wanted.id, { sub, feed });
    feed.join(sub);
  }

  #move(from: Feed, to: Feed): void {
    from.group.feeds.delete(from);
    from.close();
    for (const sub of from.subs) {
      this.#pages.get(sub.page)?.set(sub.wanted.id, { sub, feed: to });
      to.join(sub);
    }
  }

  #drop(page: string, id: number, linger: number): void {
    const wants = this.#pages.get(page);
    const known = wants?.get(id);
    if (!known) return;
    wants?.delete(id);
    if (wants?.size === 0) this.#pages.delete(page);
    known.feed.leave(known.sub, linger);
  }

  *#all(): Generator<Feed> {
    for (const group of this.#groups.values()) yield* group.feeds;
  }
}
