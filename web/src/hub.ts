import { addressOf, unite, type Matcher } from './address.js';
import { counted, type Dialect, type Feed, type FeedOwner, type Sub } from './feed.js';
import type { Gap } from './types.js';
import type { StreamEvent } from './upstream.js';

/** What is known of a hub, by all feeds of one base. */
interface Known {
  /** It has shown that it is a hub that can unite streams. */
  known: boolean;
  /** Matchers that it takes on one stream. */
  limit: number;
}

interface Hello {
  readonly epoch: string;
  readonly position: string;
  readonly verdict: string;
  readonly heartbeat: number;
  readonly limits?: { readonly matchers?: number };
}

/** Matchers on a stream to a hub that has not told its limit. */
const unknownLimit = 50;

/** Time in which a hub has said hello after the head of its answer, and the shortest watch on a silent one; in ms. */
const greeting = 2_000;
const shortest = 5_000;

/** Takes a subscription's address apart, so that it can be united with others of the same base. */
export function prepare(sub: Sub, feeds: ReadonlySet<Feed>): void {
  const { url, withCredentials, headers } = sub.wanted;
  const { base, matchers, cursor } = addressOf(url);
  sub.base = [base, withCredentials, headers].join(' ');
  // Without a cursor there is no going back to a place, not even to one that another host has counted.
  if (sub.mark.id === '') sub.mark = { id: cursor, at: NaN, line: '' };
  // That a server is no hub holds for as long as there are streams of it.
  if (![...feeds].some((feed) => feed.base === sub.base && !feed.dialect)) sub.matchers = matchers;
}

/** A feed's talk with a hub: it asks for all that is wanted, with the topics of each event, and heeds the hub's signals. */
export class Hub implements Dialect {
  readonly signals: readonly string[] = 'hello ping gap bye expiring update'.split(' ').map((name) => `tidings.${name}`);
  readonly #feed: Feed;
  readonly #owner: FeedOwner;
  readonly hub: Known;
  /** The matchers that were asked for last. */
  #wire: ReadonlySet<string> = new Set();
  #epoch = '';
  /** Waits for the gap of which it says that there is one. */
  #hello: Hello | undefined;
  #cancelGreeting: (() => void) | undefined;

  constructor(feed: Feed, owner: FeedOwner) {
    this.#feed = feed;
    this.#owner = owner;
    const other = [...owner.feeds].find((each) => each.base === feed.base)?.dialect;
    this.hub = (other as Hub | undefined)?.hub ?? { known: false, limit: unknownLimit };
    // A page that has been at places of a hub's, with another host, knows that it is one.
    this.hub.known ||= feed.line !== '' && !counted(feed.line);
  }

  get known(): boolean {
    return this.hub.known;
  }

  get greeted(): boolean {
    return this.#epoch !== '';
  }

  accepts(...subs: readonly Sub[]): boolean {
    const all = this.#matchers(subs);
    return all.size <= this.hub.limit && unite(this.#feed.base, all) !== '';
  }

  has({ matchers }: Sub): boolean {
    return matchers.every(({ pair }) => this.#wire.has(pair));
  }

  address(): string {
    this.close();
    this.#wire = this.#matchers([]);
    return unite(this.#feed.base, this.#wire);
  }

  opened(): void {
    if (this.known) this.#feed.connection.expect(shortest);
    else this.#cancelGreeting = this.#owner.place.after(greeting, () => this.known || (urls(this.#feed) > 1 ? this.#plain() : this.#feed.settle()));
  }

  close(): void {
    this.#cancelGreeting?.();
  }

  position(at: number): string | undefined {
    return this.greeted ? this.#position(at) : undefined;
  }

  offset(cursor: string): number | undefined {
    return cursor.startsWith(this.#position('')) ? offsetOf(cursor) : undefined;
  }

  event(event: StreamEvent, before: string): void {
    const { type } = event;
    if (type === 'tidings.hello') {
      this.close();
      this.hub.known = true;
      this.#hello = parse(event.data) as Hello;
      // With a gap all is as it was until that has been told.
      if (this.#hello.verdict !== 'gap') this.#greeted(this.#hello);
    } else if (this.known && type.startsWith('tidings.')) {
      this.#signal(type.slice(8), event);
    } else {
      const { connection } = this.#feed;
      // Nobody has had the event yet.
      connection.lastEventId = before;
      this.#plain();
      connection.lastEventId = event.lastEventId;
      if (connection.state !== 'closed') this.#feed.event(event, before);
    }
  }

  #greeted({ epoch, position, verdict, heartbeat, limits }: Hello): void {
    const feed = this.#feed;
    const at = offsetOf(`${position}`);
    const others = counted(feed.line) ? feed.forget() : [];
    this.#hello = undefined;
    this.hub.limit = limits?.matchers ?? this.hub.limit;
    if (at !== feed.at || epoch !== this.#epoch) feed.ring.reset(at);
    this.#epoch = feed.line = epoch;
    feed.at = at;
    feed.connection.expect(heartbeat > 0 ? Math.max(3 * heartbeat, shortest) : Infinity);
    for (const sub of feed.subs) {
      // Who was behind has lost what is lost, and goes on from here: it is not asked for again.
      if (verdict === 'gap') {
        if (this.has(sub) && sub.mark.at < at) [sub.mark, sub.covered] = [feed.mark, false];
      } else if (sub.mark.at === at || (sub.covered && sub.mark.at < at)) {
        // It has had all that there is up to here.
        sub.mark = feed.mark;
      } else if (sub.mark.at > at && sub.mark.line !== epoch) {
        // The hub has said nothing of the place where this one was, which may be of another history.
        feed.release(sub);
        this.#owner.settle(sub);
      }
    }
    feed.settle();
    for (const sub of others) this.#owner.settle(sub);
    // Before that, what is lost has to be told to those who have lost it.
    if (verdict !== 'gap') this.#join();
  }

  /** Now that its place is known, the feed's subscriptions may be able to live from another. */
  #join(): void {
    const feed = this.#feed;
    const subs = [...feed.subs];
    for (const other of this.#owner.feeds) {
      if (other === feed || !other.connection.live || !other.dialect?.accepts(...subs) || !subs.every((sub) => other.accepts(sub))) continue;
      this.#owner.remove(feed);
      for (const sub of subs) other.join(sub);
      return;
    }
  }

  #signal(name: string, { data, lastEventId, origin }: StreamEvent): void {
    const feed = this.#feed;
    const said = parse(data);
    // Who hears of a new place, and then no more, has heard of what it lost on the way.
    if (name === 'gap') feed.tell({ k: 'gap', gap: said as Gap });
    if (this.#hello) this.#greeted(this.#hello);
    const at = name === 'update' ? (said as { offset: number }).offset : name === 'ping' ? offsetOf(lastEventId) : feed.at;
    // Not the event's id: that may be its publisher's, and a signal without one bears that of the last update.
    feed.connection.lastEventId = this.#position(at);
    if (name === 'update') {
      const { topics, type, data: text } = said as { topics: string[]; type?: string; data: string };
      feed.route({ type: type || 'message', data: text, lastEventId, origin }, at, this.#position(at), topics);
    } else if (name === 'ping') {
      feed.pass(at);
    } else if (name === 'gap') {
      feed.reset();
      // What is kept lacks what was lost: who comes from before that has to ask.
      feed.at = offsetOf((said as Gap).to);
      feed.ring.reset(feed.at);
      this.#join();
    } else if (name === 'bye') {
      feed.connection.rest((said as { retry?: number }).retry ?? 0);
    } else if (name === 'expiring') {
      feed.renew();
    }
  }

  /** The server is no hub that unites streams: each address is asked as it was written. */
  #plain(): void {
    const feeds = [...this.#owner.feeds].filter(({ base }) => base === this.#feed.base);
    const others: Sub[] = [];
    for (const feed of feeds) {
      feed.dialect?.close();
      feed.dialect = undefined;
      for (const sub of feed.subs) sub.matchers = [];
      if (!counted(feed.line)) others.push(...feed.forget());
    }
    for (const feed of feeds) {
      const subs = [...feed.subs];
      if (urls(feed) === 1) {
        feed.becomePlain();
        continue;
      }
      this.#owner.remove(feed);
      for (const sub of subs) this.#owner.settle(sub);
    }
    for (const sub of others) this.#owner.settle(sub);
  }

  #position(at: number | ''): string {
    return `#${this.#epoch}.${at}`;
  }

  /** What has to be on the wire, as the query spells it. */
  #matchers(more: readonly Sub[]): Set<string> {
    return new Set([...this.#feed.subs, ...more].flatMap(({ matchers }) => matchers.map(({ pair }: Matcher) => pair)));
  }
}

/** How many addresses are wanted of a feed, as they were written. */
function urls({ subs }: Feed): number {
  return new Set([...subs].map(({ wanted }) => wanted.url)).size;
}

/** The offset in a position `#epoch.offset`. */
function offsetOf(position: string): number {
  return Number(position.split('.').pop());
}

/** JSON that came from a server; an empty object if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
