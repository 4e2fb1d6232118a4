import { Connection } from './connection.js';
import type { Matcher } from './address.js';
import type { Place } from './place.js';
import { Ring } from './ring.js';
import type { StateChange } from './types.js';
import type { StreamEvent, UpstreamObserver } from './upstream.js';
import type { Deliver, FeedInfo, Mark, Tell, Wanted } from './wire.js';

/** What one element or object of a page has asked of the host. */
export interface Sub {
  readonly page: string;
  readonly wanted: Wanted;
  /** Equal for those that may live from one feed. */
  base: string;
  /** What it wants of a hub, by which it may be united with others; empty if its address is asked as it is. */
  matchers: readonly Matcher[];
  types: readonly string[];
  /** What it has had. */
  mark: Mark;
  /** What it wants is on the wire, from its mark on: what the feed brings after that is all that there is. */
  covered: boolean;
  feed?: Feed;
}

/** What a feed asks of its host. */
export interface FeedOwner {
  readonly place: Place;
  readonly deliver: Deliver;
  readonly feeds: ReadonlySet<Feed>;
  /** Finds a feed for a subscription, or makes one, always if it is to be `apart`. */
  settle(sub: Sub, apart?: boolean): void;
  remove(feed: Feed): void;
}

/** How a feed speaks with a hub that unites streams. Without one it takes what comes for the events of its address. */
export interface Dialect {
  /** Names of events that are the hub's own. */
  readonly signals: readonly string[];
  /** The hub has said hello: it is one. */
  readonly known: boolean;
  /** It has done so to this feed, whose place is known from then on. */
  readonly greeted: boolean;
  /** Whether it can ask for all that these want too. */
  accepts(...subs: readonly Sub[]): boolean;
  /** Whether a subscription's wants have been asked for. */
  has(sub: Sub): boolean;
  /** What asks for all wants. */
  address(): string;
  opened(): void;
  event(event: StreamEvent, before: string): void;
  /** The cursor of a place; undefined before the hub has said hello to this feed. */
  position(at: number): string | undefined;
  /** The place of a cursor. */
  offset(cursor: string): number | undefined;
  close(): void;
}

/** Whether the places of a line were counted by a host; those of others are a hub's. */
export function counted(line: string): boolean {
  return line.includes('\n');
}

/** An event as it is handed on, and its topics. */
interface Kept {
  readonly at: number;
  readonly size: number;
  readonly tell: Tell & { k: 'event' };
  readonly topics: readonly string[];
}

/**
 * One connection and those who live from it. With a hub, streams that differ in their matchers share it: it asks for
 * all of them and hands each event to those that it is meant for. With other servers it is shared by equal addresses.
 *
 * Each subscription has a mark, and gets an event only if that lies behind its mark; so whatever a connection repeats,
 * nothing comes twice. When matchers are added, or someone comes who has had less than the ring holds, the connection
 * is ended and made again from the lowest mark: two at a time could move a cursor past what only one of them has.
 */
export class Feed implements UpstreamObserver {
  readonly no: number;
  readonly base: string;
  readonly subs: Set<Sub> = new Set();
  readonly connection: Connection;
  readonly ring: Ring<Kept> = new Ring();
  dialect: Dialect | undefined;
  /** The place of the last event; NaN if only the server knows. */
  at: number;
  /** Places are compared within a line. */
  line: string;
  readonly #owner: FeedOwner;
  readonly #from: string;
  #types: ReadonlySet<string> = new Set();
  #begun = false;
  #scheduled = false;
  #state: StateChange | undefined;
  #cancelLinger: (() => void) | undefined;
  #asked: Sub | undefined;
  #answer: ((headers: Record<string, string>) => void) | undefined;
  #opened = 0;
  #events = 0;
  #repeated = 0;

  constructor(no: number, { wanted, base, mark }: Sub, owner: FeedOwner) {
    this.no = no;
    this.base = base;
    this.line = mark.line;
    this.at = mark.at;
    this.#owner = owner;
    this.#from = mark.id;
    const { withCredentials, url, file } = wanted;
    const headers = wanted.headers ? () => this.#headers() : undefined;
    this.connection = new Connection({ url, withCredentials, lastEventId: mark.id, types: new Set(), headers, file }, this, owner.place);
  }

  /** Whether a subscription can live from this feed without anyone losing or repeating anything. */
  accepts(sub: Sub): boolean {
    const { mark, base, wanted } = sub;
    if (base !== this.base || !(this.dialect ? this.dialect.accepts(sub) : wanted.url === this.connection.url)) return false;
    // Where neither has a place yet, or both the same one that only the server knows.
    if (isNaN(this.at)) return mark.id === this.#from && isNaN(mark.at);
    // What it has missed of types that were not listened to is not to be had here.
    if (mark.id !== '' && counted(this.line) && !sub.types.every((type) => this.#types.has(type))) return false;
    return mark.id === '' || (mark.line === this.line && !isNaN(mark.at)) || this.#locate(sub);
  }

  join(sub: Sub): void {
    this.#cancelLinger?.();
    this.subs.add(sub);
    sub.feed = this;
    sub.covered = false;
    // The one that was asked for headers has left without an answer.
    if (this.#answer && !this.#asked) this.#ask();
    this.listen();
    if (sub.feed !== this) return;
    if (!this.#has(sub)) {
      this.#schedule();
      return;
    }
    if (sub.mark.id === '') sub.mark = this.mark;
    // All that it has missed is in the ring; while there is no stream, it may be what keeps one from being.
    if (sub.mark.at >= this.ring.floor && (!this.dialect || this.connection.live)) {
      this.#cover(sub);
      for (const event of this.ring.after(sub.mark.at)) this.#send(event, [sub]);
    } else if (sub.mark.at < this.at || sub.mark.at < this.ring.floor) {
      this.#schedule();
    }
  }

  leave(sub: Sub, linger: number): void {
    this.subs.delete(sub);
    if (sub === this.#asked) this.#ask();
    if (this.subs.size > 0) return;
    if (linger > 0) this.#cancelLinger = this.#owner.place.after(linger, () => this.#owner.remove(this));
    else this.#owner.remove(this);
  }

  /** Ends the connection. Nothing that is under way begins another. */
  close(): void {
    this.subs.clear();
    this.#cancelLinger?.();
    this.connection.close('close');
  }

  /** Listens to what is wanted, and to all that its line counts. */
  listen(): void {
    const types = this.line.split('\n').slice(1, -1);
    this.#types = new Set([...types, ...[...this.subs].flatMap((sub) => sub.types)]);
    this.connection.listen(new Set([...(this.dialect?.signals ?? []), ...this.#types]));
    if (counted(this.line) && this.#types.size > types.length) this.#branch();
  }

  /** With more types to count a line of its own begins here. Who is elsewhere on the old one goes on by itself. */
  #branch(): void {
    const { at, line } = this;
    this.line = '';
    this.ring.reset(at);
    for (const sub of [...this.subs]) {
      if (sub.mark.at === at && sub.mark.line === line) {
        sub.mark = { ...sub.mark, at: NaN };
        sub.covered = false;
      } else if (!isNaN(sub.mark.at)) {
        this.release(sub);
        this.#owner.settle(sub, true);
      }
    }
    this.settle();
  }

  /** Connects anew at once; what has no connection yet is about to get one anyway. */
  redo(): void {
    if (this.#begun) this.connection.reconnect('reconnect');
  }

  /** The headers that a page has been asked for. */
  authorize(headers: Record<string, string>): void {
    this.#answer?.(headers);
    this.#answer = this.#asked = undefined;
  }

  /**
   * The server is of another kind than the one that its places are of: here they are no more than cursors. Who was at
   * another place than the feed leaves it, and is returned.
   */
  forget(): Sub[] {
    const others = [...this.subs].filter(({ mark }) => !isNaN(mark.at) && mark.at !== this.at);
    this.at = NaN;
    this.line = '';
    for (const sub of this.subs) {
      sub.mark = { id: sub.mark.id, at: NaN, line: '' };
      sub.covered = false;
    }
    for (const sub of others) this.release(sub);
    return others;
  }

  /** Lets go of a subscription that is to be settled elsewhere: what comes here is not meant for it any more. */
  release(sub: Sub): void {
    this.tell({ k: 'mark', feed: 0, mark: sub.mark }, [sub]);
    this.leave(sub, 0);
  }

  /** Goes on as the stream of a server that is no hub; its next connection has the address as it was written. */
  becomePlain(): void {
    const [sub] = this.subs;
    if (sub) this.connection.aim(sub.wanted.url, false);
    this.connection.expect(Infinity);
    this.listen();
    this.settle();
  }

  /** What allows the stream is about to end: headers are asked for anew; a page without them may see to its cookie. */
  renew(): void {
    if ([...this.subs][0]?.wanted.headers) this.connection.renew();
    else if (this.#state) this.tell({ k: 'state', detail: { ...this.#state, reason: 'expiring' } }, this.#covered());
  }

  get info(): FeedInfo {
    return {
      url: this.connection.url,
      hub: this.dialect?.known ?? false,
      state: this.connection.state,
      subscriptions: this.subs.size,
      at: this.at,
      cursor: this.connection.lastEventId,
      opened: this.#opened,
      events: this.#events,
      repeated: this.#repeated,
      kept: this.ring.length,
    };
  }

  get mark(): Mark {
    return { id: this.dialect?.position(this.at) ?? this.connection.lastEventId, at: this.at, line: this.line };
  }

  event(event: StreamEvent, before: string): void {
    if (this.dialect) this.dialect.event(event, before);
    else this.route(event, this.at + 1, event.lastEventId);
  }

  state(change: StateChange): void {
    this.#state = change;
    // A stream that did not stay says nothing of what its server is.
    this.dialect?.close();
    if (change.state === 'open') {
      this.#opened += 1;
      if (this.dialect) this.dialect.opened();
      else this.settle();
    }
    // Those that are not on the wire yet hear of it when they are.
    const waits = this.dialect?.known && change.state === 'open';
    this.tell({ k: 'state', detail: change }, waits ? this.#covered() : this.subs);
    // Who wants it again begins anew.
    if (change.reason === 'ended') this.#owner.remove(this);
    if (change.reason === 'refused') this.#part(change.attempt);
  }

  /**
   * What the hub refuses may be what one of them wants: who came last, and was not served yet, tries alone. Once the hub
   * has said hello to it, it comes back. While nobody was served it is rather the hub that is away: then one at a time does.
   */
  #part(attempt: number): void {
    const { dialect, subs } = this;
    const late = [...subs].filter(({ covered }) => !covered);
    const [last] = late.slice(-1);
    if (!dialect || subs.size === 0) return;
    // Others of its base wait for a hello; but they may wait for ever.
    const others = attempt % 16 > 0 && [...this.#owner.feeds].some((feed) => feed !== this && feed.base === this.base && feed.dialect?.greeted === false);
    if (last && subs.size > 1 && (late.length < subs.size || (attempt > 2 && !others))) {
      this.leave(last, 0);
      this.#owner.settle(last, true);
    }
    // What others wanted who have left is not asked for again.
    this.connection.aim(dialect.address(), false);
  }

  /** All that are on the wire have what follows. */
  settle(): void {
    if (isNaN(this.at)) this.at = 0;
    this.line ||= [this.#owner.place.random(), ...this.#types, ''].join('\n');
    if (isNaN(this.ring.floor)) this.ring.reset(this.at);
    for (const sub of this.subs) {
      // All that brought a cursor that only the server knows brought the same.
      if (isNaN(sub.mark.at) && sub.mark.id !== '') sub.mark = this.mark;
      // Who came since the connection was begun may have to wait for the next one.
      if (!sub.covered && this.#has(sub) && !(sub.mark.at < this.at)) this.#cover(sub);
    }
  }

  /** Keeps an event, whose cursor is `id`, and hands it on. */
  route(event: StreamEvent, at: number, id: string, topics: readonly string[] = []): void {
    this.at = at;
    this.#events += 1;
    const tell = { ...event, k: 'event', feed: this.no, mark: { id, at, line: this.line } } as const;
    const kept = { at, tell, topics, size: event.data.length + 200 };
    this.ring.push(kept);
    if (!this.#send(kept, this.subs)) this.#repeated += 1;
  }

  /** Nothing for anybody lies between here and `at`. */
  pass(at: number): void {
    this.at = at;
    const { mark } = this;
    const here = this.#covered().filter((sub) => sub.mark.at <= at);
    for (const sub of here) sub.mark = mark;
    this.tell({ k: 'mark', feed: this.no, mark }, here);
  }

  /** What was had beyond this place of another history says nothing of this one. */
  reset(): void {
    const { mark } = this;
    const ahead = [...this.subs].filter((sub) => sub.mark.at >= mark.at && sub.mark.line !== mark.line);
    for (const sub of ahead) sub.mark = mark;
    // Some may not be on the wire yet: what it brings does not pass them.
    this.tell({ k: 'reset', feed: 0, mark }, ahead);
  }

  tell(tell: Tell, subs: Iterable<Sub> = this.subs): void {
    const to = new Map<string, number[]>();
    for (const { page, wanted } of subs) {
      if (!to.get(page)?.push(wanted.id)) to.set(page, [wanted.id]);
    }
    if (to.size > 0) this.#owner.deliver(to, tell);
  }

  #covered(): Sub[] {
    return [...this.subs].filter(({ covered }) => covered);
  }

  /** Whether what a subscription wants has been asked for. */
  #has(sub: Sub): boolean {
    return this.#begun && (this.dialect?.has(sub) ?? true);
  }

  #cover(sub: Sub): void {
    sub.covered = true;
    if (isNaN(sub.mark.at)) sub.mark = this.mark;
    this.tell({ k: 'mark', feed: this.no, mark: sub.mark }, [sub]);
    if (this.#state) this.tell({ k: 'state', detail: this.#state }, [sub]);
  }

  /** Hands an event to those that it is meant for and that have not had it; reports whether any had not. */
  #send({ tell, topics }: Kept, subs: Iterable<Sub>): boolean {
    const { mark, type } = tell;
    const behind = [...subs].filter((sub) => sub.covered && sub.mark.at < mark.at);
    for (const sub of behind) sub.mark = mark;
    this.tell(tell, behind.filter(({ types, matchers }) =>
      (types.includes(type) || types.includes('*')) && (!this.dialect || matchers.some((matcher) => matcher.matches(topics)))));
    return behind.length > 0;
  }

  /** Finds out where a cursor of the page's lies; reports whether it could. */
  #locate(sub: Sub): boolean {
    const { id } = sub.mark;
    const at = this.dialect ? this.dialect.offset(id) : this.ring.after(-Infinity).find(({ tell }) => tell.lastEventId === id)?.at;
    if (at !== undefined) sub.mark = { id, at, line: this.line };
    return at !== undefined;
  }

  /** Connects anew, once for all that has come by then. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#owner.place.soon(() => {
      this.#scheduled = false;
      if (this.subs.size > 0) this.#reopen();
    });
  }

  #reopen(): void {
    const { mark } = this;
    for (const sub of this.subs) {
      if (sub.covered) continue;
      // Who is new wants what comes from now on, even if the connection has to go back.
      if (sub.mark.id === '' && !isNaN(mark.at)) sub.mark = mark;
      if (sub.mark.at < this.at) {
        this.at = sub.mark.at;
        this.connection.lastEventId = sub.mark.id;
      }
    }
    // What it holds lacks the matchers that are new.
    this.ring.reset(this.at);
    this.#begun = true;
    this.connection.aim(this.dialect?.address() ?? this.connection.url);
    this.connection.open('start');
  }

  #headers(): Promise<Record<string, string>> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#ask();
      if (!this.#asked) reject();
    });
  }

  #ask(): void {
    [this.#asked] = this.subs;
    if (this.#asked) this.tell({ k: 'headers' }, [this.#asked]);
  }
}
