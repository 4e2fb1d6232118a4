import { unite, type Address, type Matcher } from './address.js';
import { Connection } from './connection.js';
import type { Place } from './place.js';
import { Ring } from './ring.js';
import type { Gap, StateChange } from './types.js';
import type { StreamEvent, UpstreamObserver } from './upstream.js';
import type { Deliver, FeedInfo, Mark, Tell, Wanted } from './wire.js';

/** What one element or object of a page has asked of the host. */
export interface Sub {
  readonly page: string;
  readonly wanted: Wanted;
  readonly address: Address;
  types: ReadonlySet<string>;
  /** What it has had. */
  mark: Mark;
  /** Its matchers are on the wire, from its mark on: what the feed brings after that is all that there is. */
  covered: boolean;
}

/** Streams that differ in their matchers only. */
export interface Group {
  /** `new` until the server has shown whether it is a hub that can unite streams. */
  mode: 'new' | 'hub' | 'plain';
  /** Matchers that the hub takes on one stream. */
  limit: number;
  readonly feeds: Set<Feed>;
}

/** What a feed asks of its host. */
export interface FeedOwner {
  readonly place: Place;
  readonly deliver: Deliver;
  /** The hub has told where the feed stands: it may be comparable with others now. */
  resolved(feed: Feed): void;
  /** The server is no hub that unites streams. */
  plain(feed: Feed): void;
  empty(feed: Feed): void;
}

interface Routed extends StreamEvent {
  readonly at: number;
  readonly size: number;
  readonly mark: Mark;
  readonly topics: readonly string[];
}

interface Hello {
  readonly epoch: string;
  readonly verdict: string;
  readonly heartbeat: number;
  readonly limits?: { readonly matchers?: number };
}

const signals = ['hello', 'ping', 'gap', 'bye', 'expiring', 'update'].map((name) => `tidings.${name}`);

/** Time in which a hub has said hello after the head of its answer, and the shortest watch on a silent one; in ms. */
const greeting = 2_000;
const shortest = 5_000;

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
  readonly subs: Set<Sub> = new Set();
  readonly group: Group;
  readonly #owner: FeedOwner;
  readonly #connection: Connection;
  readonly #ring: Ring<Routed> = new Ring();
  readonly #base: string;
  /** The matchers that were asked for last; none before the first connection. */
  #wire: Set<string> | undefined;
  #line: string;
  #at: number;
  #from: string;
  #epoch = '';
  #scheduled = false;
  #state: StateChange | undefined;
  #cancelLinger: (() => void) | undefined;
  #cancelGreeting: (() => void) | undefined;
  #waiting: { sub: Sub; resolve(headers: Record<string, string>): void }[] = [];
  #opened = 0;
  #events = 0;
  #repeated = 0;

  constructor(no: number, group: Group, first: Sub, owner: FeedOwner) {
    const { wanted, address, mark } = first;
    this.no = no;
    this.group = group;
    this.#owner = owner;
    this.#base = address.base;
    this.#line = mark.line;
    this.#at = mark.at;
    this.#from = mark.id;
    const { withCredentials, url } = wanted;
    const headers = wanted.headers === undefined ? undefined : () => this.#headers();
    const options = { url, withCredentials, lastEventId: mark.id, types: new Set<string>(), headers };
    this.#connection = new Connection(options, this, owner.place);
  }

  /** Whether a subscription can live from this feed without anyone losing or repeating anything. */
  accepts(sub: Sub): boolean {
    const { mark, address } = sub;
    if (this.group.mode === 'plain') {
      const [other] = this.subs;
      if (other && other.wanted.url !== sub.wanted.url) return false;
    } else {
      const all = this.#matchers([sub]);
      if (all.size > this.group.limit || unite(address.base, all.values()) === '') return false;
    }
    // Where neither has a place yet, or both the same one that only the server knows.
    if (isNaN(this.#at)) return mark.id === this.#from && isNaN(mark.at);
    return mark.id === '' || (mark.line === this.#line && !isNaN(mark.at)) || this.#locate(sub);
  }

  join(sub: Sub): void {
    this.#cancelLinger?.();
    this.subs.add(sub);
    this.#listen();
    const there = this.#there(sub);
    sub.covered = false;
    if (there && sub.mark.id === '') sub.mark = this.#mark();
    // All that it has missed is in the ring.
    if (there && sub.mark.at >= this.#ring.floor) {
      this.#cover(sub);
      for (const event of this.#ring.after(sub.mark.at)) this.#send(event, [sub]);
    } else if (!there || sub.mark.at < this.#at) {
      this.#schedule();
    }
  }

  leave(sub: Sub, linger: number): void {
    this.subs.delete(sub);
    for (const waiting of this.#waiting) if (waiting.sub === sub) this.#ask(waiting);
    if (this.subs.size > 0) return;
    const end = (): void => {
      this.close();
      this.#owner.empty(this);
    };
    if (linger > 0) this.#cancelLinger = this.#owner.place.after(linger, end);
    else end();
  }

  close(): void {
    this.#cancelLinger?.();
    this.#cancelGreeting?.();
    this.#connection.close('close');
  }

  /** Brings what is listened to in line with the wants. */
  retype(): void {
    this.#listen();
  }

  redo(): void {
    this.#connection.reconnect('reconnect');
  }

  wake(reason: 'online' | 'visible'): void {
    this.#connection.wake(reason);
  }

  /** The headers that a page has been asked for. */
  authorize(headers: Record<string, string>): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(headers);
  }

  /** Goes on as the stream of a server that is no hub; its next connection has the address as it was written. */
  becomePlain(): void {
    const [sub] = this.subs;
    if (sub) this.#connection.aim(sub.wanted.url, false);
    this.#line = '';
    this.#listen();
    this.#settle();
  }

  /** Only the server knows yet where it stands. */
  get unresolved(): boolean {
    return this.#epoch === '';
  }

  get info(): FeedInfo {
    return {
      url: this.#connection.url,
      hub: this.group.mode === 'hub',
      state: this.#connection.state,
      subscriptions: this.subs.size,
      at: this.#at,
      cursor: this.#connection.lastEventId,
      opened: this.#opened,
      events: this.#events,
      repeated: this.#repeated,
      kept: this.#ring.length,
    };
  }

  event(event: StreamEvent): void {
    const { type } = event;
    if (this.group.mode === 'plain') {
      this.#route(event, this.#at + 1, [], event.lastEventId);
    } else if (type === 'tidings.hello') {
      this.#greeted(event);
    } else if (this.group.mode === 'new' || !type.startsWith('tidings.')) {
      this.#owner.plain(this);
      if (this.#connection.state !== 'closed') this.event(event);
    } else {
      this.#signal(event);
    }
  }

  state(change: StateChange): void {
    this.#state = change;
    const { mode } = this.group;
    if (change.reason === 'connected') {
      this.#opened += 1;
      if (mode === 'plain') this.#settle();
      if (mode === 'new') this.#cancelGreeting = this.#owner.place.after(greeting, () => this.group.mode === 'new' && this.#owner.plain(this));
    }
    // Those that are not on the wire yet hear of it when they are.
    const waits = mode === 'hub' && change.state === 'open';
    this.#tell({ k: 'state', detail: change }, waits ? this.#covered() : this.subs);
  }

  #signal({ type, data, lastEventId, ...rest }: StreamEvent): void {
    const said = parse(data);
    const at = type === 'tidings.update' ? (said as { offset: number }).offset : type === 'tidings.ping' ? offsetOf(lastEventId) : this.#at;
    // Not the event's id: that may be its publisher's, and a signal without one bears that of the last update.
    this.#connection.lastEventId = this.#position(at);
    if (type === 'tidings.update') {
      const { topics, type: name, data: text } = said as { topics: string[]; type?: string; data: string };
      this.#route({ ...rest, type: name || 'message', data: text, lastEventId }, at, topics, this.#position(at));
    } else if (type === 'tidings.ping') {
      this.#at = at;
      this.#advance(this.#mark(), this.subs);
      this.#tell({ k: 'mark', feed: this.no, mark: this.#mark() }, this.#covered());
    } else if (type === 'tidings.gap') {
      const gap = said as Gap;
      // Another history: what was had of the one before says nothing of this one.
      if (gap.why === 'lineage') this.#reset();
      this.#tell({ k: 'gap', gap });
      this.#owner.resolved(this);
    } else if (type === 'tidings.bye') {
      this.#connection.rest((said as { retry?: number }).retry ?? 0);
    } else if (type === 'tidings.expiring') {
      // Asks for headers anew; a page without them may see to its cookie.
      if ([...this.subs][0]?.wanted.headers !== undefined) this.#connection.aim(this.#connection.url);
      else if (this.#state) this.#tell({ k: 'state', detail: { ...this.#state, reason: 'expiring' } }, this.#covered());
    }
  }

  #greeted({ data, lastEventId }: StreamEvent): void {
    const { epoch, verdict, heartbeat, limits } = parse(data) as Hello;
    const at = offsetOf(lastEventId);
    const behind = at < this.#at;
    this.group.mode = 'hub';
    this.group.limit = limits?.matchers ?? this.group.limit;
    const stays = at === this.#at && epoch === this.#epoch;
    this.#epoch = epoch;
    this.#line = 'hub';
    if (!stays || [...this.subs].some(({ covered }) => !covered)) this.#ring.reset(at);
    this.#at = at;
    if (verdict === 'gap') {
      if (behind) this.#reset();
      // Who was behind has lost what is lost, and goes on from here: it is not asked for again.
      for (const sub of this.subs) if (this.#there(sub) && sub.mark.at < at) [sub.mark, sub.covered] = [this.#mark(), false];
    }
    if (heartbeat > 0) this.#connection.expect(Math.max(3 * heartbeat, shortest));
    this.#settle();
    // Before that, what is lost has to be told to those who have lost it.
    if (verdict !== 'gap') this.#owner.resolved(this);
  }

  #covered(): Sub[] {
    return [...this.subs].filter(({ covered }) => covered);
  }

  /** All that are on the wire have what follows. */
  #settle(): void {
    this.#cancelGreeting?.();
    if (isNaN(this.#at)) this.#at = 0;
    if (this.#line === '') this.#line = `${this.#owner.place.random()}`;
    if (isNaN(this.#ring.floor)) this.#ring.reset(this.#at);
    for (const sub of this.subs) {
      // Who came since the connection was begun may have to wait for the next one.
      if (!sub.covered && this.#there(sub) && !(sub.mark.at < this.#at)) this.#cover(sub);
    }
  }

  /** Whether what a subscription wants has been asked for. */
  #there({ address: { matchers } }: Sub): boolean {
    return this.#wire !== undefined && matchers.every((matcher) => this.#wire?.has(keyOf(matcher)));
  }

  #cover(sub: Sub): void {
    sub.covered = true;
    if (isNaN(sub.mark.at)) sub.mark = this.#mark();
    this.#tell({ k: 'mark', feed: this.no, mark: sub.mark }, [sub]);
    if (this.#state) this.#tell({ k: 'state', detail: this.#state }, [sub]);
  }

  #reset(): void {
    const mark = this.#mark();
    const ahead = [...this.subs].filter((sub) => sub.mark.at >= mark.at);
    for (const sub of ahead) sub.mark = mark;
    this.#tell({ k: 'reset', feed: this.no, mark }, ahead);
  }

  #route(event: StreamEvent, at: number, topics: readonly string[], id: string): void {
    this.#at = at;
    this.#events += 1;
    const routed: Routed = { ...event, at, topics, mark: { id, at, line: this.#line }, size: event.data.length + 200 };
    this.#ring.push(routed);
    if (!this.#send(routed, this.subs)) this.#repeated += 1;
  }

  /** Hands an event to those that it is meant for and that have not had it; reports whether any had not. */
  #send({ at, topics, mark, type, data, lastEventId, origin }: Routed, subs: Iterable<Sub>): boolean {
    const behind = [...subs].filter((sub) => sub.covered && sub.mark.at < at);
    const meant = behind.filter(({ types, address: { matchers } }) =>
      (types.has(type) || types.has('*')) && (this.group.mode === 'plain' || matchers.some((matcher) => matcher.matches(topics))));
    this.#advance(mark, behind);
    this.#tell({ k: 'event', feed: this.no, mark, type, data, lastEventId, origin }, meant);
    return behind.length > 0;
  }

  #advance(mark: Mark, subs: Iterable<Sub>): void {
    for (const sub of subs) if (sub.covered && sub.mark.at < mark.at) sub.mark = mark;
  }

  #mark(): Mark {
    return { id: this.group.mode === 'hub' && !isNaN(this.#at) ? this.#position(this.#at) : this.#connection.lastEventId, at: this.#at, line: this.#line };
  }

  /** Every place in the log is a cursor, also where the event has its publisher's id. */
  #position(at: number): string {
    return `#${this.#epoch}.${at}`;
  }

  /** Finds out where a cursor of the page's lies; reports whether it could. */
  #locate(sub: Sub): boolean {
    const { id } = sub.mark;
    const kept = this.#ring.after(-Infinity).find(({ lastEventId }) => lastEventId === id);
    const at = id.startsWith(`#${this.#epoch}.`) ? offsetOf(id) : kept?.at;
    if (at === undefined) return false;
    sub.mark = { id, at, line: this.#line };
    return true;
  }

  /** What has to be on the wire, by its spelling in the query. */
  #matchers(more: Iterable<Sub>): Map<string, Matcher> {
    const all = new Map<string, Matcher>();
    for (const { address } of [...this.subs, ...more]) {
      for (const matcher of address.matchers) all.set(keyOf(matcher), matcher);
    }
    return all;
  }

  #listen(): void {
    const types = new Set(this.group.mode === 'plain' ? [] : signals);
    for (const sub of this.subs) for (const type of sub.types) types.add(type);
    this.#connection.listen(types);
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
    // Who is new wants what comes from now on, even if the connection has to go back.
    if (!isNaN(this.#at)) for (const sub of this.subs) if (!sub.covered && sub.mark.id === '') sub.mark = this.#mark();
    const lowest = [...this.subs].filter(({ covered, mark }) => !covered && mark.at < this.#at).sort((a, b) => a.mark.at - b.mark.at)[0];
    if (lowest) {
      this.#at = lowest.mark.at;
      this.#connection.lastEventId = lowest.mark.id;
    }
    // What it holds lacks the matchers that are new.
    this.#ring.reset(this.#at);
    const [sub] = this.subs as Iterable<Sub> as [Sub];
    const matchers = this.#matchers([]);
    this.#wire = new Set(matchers.keys());
    this.#connection.aim(this.group.mode === 'plain' ? sub.wanted.url : unite(this.#base, matchers.values()));
    this.#connection.open('start');
  }

  #headers(): Promise<Record<string, string>> {
    return new Promise((resolve, reject) => {
      const [sub] = this.subs;
      if (!sub) return reject();
      const waiting = { sub, resolve };
      this.#waiting.push(waiting);
      this.#ask(waiting);
    });
  }

  #ask(waiting: { sub: Sub }): void {
    const [sub] = this.subs;
    if (!sub) return;
    waiting.sub = sub;
    this.#tell({ k: 'headers' }, [sub]);
  }

  #tell(tell: Tell, subs: Iterable<Sub> = this.subs): void {
    const to = new Map<string, number[]>();
    for (const { page, wanted } of subs) {
      const ids = to.get(page);
      if (ids) ids.push(wanted.id);
      else to.set(page, [wanted.id]);
    }
    if (to.size > 0) this.#owner.deliver(to, tell);
  }
}

function keyOf({ name, value }: Matcher): string {
  return `${name}=${value}`;
}

/** The offset in a position `#epoch.offset`. */
function offsetOf(position: string): number {
  return Number(position.slice(position.lastIndexOf('.') + 1));
}

/** JSON that came from a server; an empty object if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
