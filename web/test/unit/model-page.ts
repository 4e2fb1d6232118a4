import assert from 'node:assert/strict';
import type { Ask, Mark, Tell, Wanted } from '../../src/wire.js';
import { parsePlace, type Log, type Place, type Update } from './model-log.js';

export interface Options {
  readonly url: string;
  readonly topics: readonly string[];
  readonly types: readonly string[];
  readonly headers: string | undefined;
  readonly mark: Mark;
  /** The cursor that is written into the address; it counts while there is no mark. */
  readonly written: string;
}

let made = 0;

/** A stream as its page sees it: it does what a Subscription does, and knows what the log holds. */
export class Member {
  id = ++made;
  readonly options: Options;
  mark: Mark;
  feed = 0;
  active = false;
  state = 'idle';
  gaps = 0;
  events = 0;
  readonly marks: Mark[] = [];
  readonly #log: Log;
  readonly #starts: number;
  /** From how many published updates on a type has been listened to. */
  readonly #types = new Map<string, number>();
  readonly #had = new Set<number>();
  /** Up to where a gap was told. */
  #told: Place | undefined;

  constructor(options: Options, log: Log) {
    this.options = options;
    this.mark = options.mark;
    this.#log = log;
    this.#starts = log.starts;
    for (const type of options.types) this.#types.set(type, 0);
  }

  get wanted(): Wanted {
    const { url, headers } = this.options;
    return { id: this.id, url, withCredentials: false, types: [...this.#types.keys()], mark: this.mark, headers };
  }

  get name(): string {
    return `${this.options.url} (want ${this.id}) at ${JSON.stringify(this.mark)}`;
  }

  listen(types: readonly string[]): void {
    for (const type of this.#types.keys()) if (!types.includes(type)) this.#types.delete(type);
    for (const type of types) if (!this.#types.has(type)) this.#types.set(type, Infinity);
  }

  /** The host has received what is wanted: what is published from now on is meant. */
  heard(types: readonly string[]): void {
    for (const type of types) if (this.#types.get(type) === Infinity) this.#types.set(type, this.#log.published);
  }

  begin(): void {
    this.active = true;
    this.feed = 0;
    this.state = 'connecting';
  }

  end(): void {
    this.active = false;
    this.feed = 0;
    this.state = 'closed';
    this.id = ++made;
  }

  moved(): void {
    this.feed = 0;
    if (this.state === 'open') this.state = 'retrying';
  }

  receive(tell: Tell): void {
    if (tell.k === 'event') {
      if (tell.mark.line === this.mark.line && tell.mark.at <= this.mark.at) return;
      this.#take(tell);
    } else if (tell.k === 'mark' || tell.k === 'reset') {
      this.feed = tell.feed;
      if (tell.k === 'reset' || tell.mark.line !== this.mark.line || tell.mark.at > this.mark.at) this.pass(tell.mark);
    } else if (tell.k === 'gap') {
      this.gaps += 1;
      this.#told = parsePlace(tell.gap.to);
      // What lay beyond may come once more: of that nobody could know that it was had.
      this.#had.clear();
    } else if (tell.k === 'state') {
      this.state = tell.detail.state;
    }
  }

  /** Moves without an event. */
  pass(mark: Mark): void {
    this.#move(mark, 0);
  }

  /** Whether an update has been had. */
  has({ key }: Update): boolean {
    return this.#had.has(key);
  }

  wants({ topics, type }: Update, published = this.#log.published): boolean {
    const since = this.#types.get(type || 'message') ?? Infinity;
    return since <= published && this.options.topics.some((topic) => topic === '*' || topics.includes(topic));
  }

  #take({ mark, data, type, lastEventId }: Tell & { k: 'event' }): void {
    this.events += 1;
    const key = Number(data.split('|')[0]);
    const place = this.#place(mark.id);
    assert.ok(place, `${this.name}: an event without a place`);
    const update = this.#log.view(place.epoch).updates[place.offset - 1];
    assert.ok(update, `${this.name}: an event of nowhere, ${mark.id}`);
    assert.deepEqual([data, type], [update.data, update.type || 'message'], `${this.name}: not what lies at ${mark.id}`);
    assert.ok(update.id === '' ? parsePlace(lastEventId)?.offset === place.offset : lastEventId === update.id, `${this.name}: ${lastEventId}`);
    assert.ok(this.options.topics.some((topic) => topic === '*' || update.topics.includes(topic)), `${this.name}: not of its topics`);
    assert.ok(!this.#had.has(key), `${this.name}: ${mark.id} comes again`);
    this.#move(mark, mark.id === this.mark.id && !parsePlace(mark.id) ? 0 : 1);
    this.#had.add(key);
  }

  /** Goes on to a mark, which passes nothing that was wanted, nor leaves the history, unless that was told before. */
  #move(mark: Mark, event: 0 | 1): void {
    const from = this.#place(this.mark.id || this.options.written);
    const to = this.#place(mark.id);
    const say = `${this.name} goes to ${JSON.stringify(mark)}`;
    this.marks.push(mark);
    const still = event === 0 && mark.id === this.mark.id;
    this.mark = mark;
    if (!from || still) return;
    assert.ok(to, `${say}: nowhere`);
    const origin = this.#log.origin(from);
    const term = [to.epoch, from.epoch, this.#log.epoch].find((each) => this.#log.had(origin, each) && this.#log.had(to, each));
    if (term === undefined) {
      assert.ok((this.#told?.offset ?? -1) >= to.offset - event, `${say}: another history, which is not told`);
      this.#told = undefined;
      return;
    }
    const { updates } = this.#log.view(term);
    if (to.offset < from.offset + event) {
      // Places that count other types than before may lie behind what none of them is.
      const had = updates.slice(to.offset, from.offset).some((update) => this.has(update));
      assert.ok(this.#told || (mark.line.includes('\n') && !had), `${say}: back`);
      this.#told = undefined;
    }
    const before = to.offset - event;
    for (let offset = from.offset + 1; offset <= before; offset++) {
      const update = updates[offset - 1] as Update;
      const told = (this.#told?.offset ?? 0) >= offset;
      assert.ok(told || !this.wants(update, update.key - 1), `${say}: ${offset} is lost`);
    }
  }

  /** The place of a cursor; of a publisher's id as long as it is sure which one the hub has meant. */
  #place(cursor: string): Place | undefined {
    const place = parsePlace(cursor);
    if (place || cursor === '' || this.#starts !== this.#log.starts) return place;
    const offset = this.#log.first(cursor);
    return offset === undefined ? undefined : { epoch: this.#log.epoch, offset };
  }
}

/** A page: what it says to its host, and hears from it, takes its time. */
export class ModelPage {
  readonly name: string;
  readonly members: Member[] = [];
  /** What it has sent, and the host has not received; and the other way. */
  readonly asks: Ask[] = [];
  readonly tells: (readonly [readonly number[], Tell])[] = [];
  attached = false;
  away = false;

  constructor(name: string) {
    this.name = name;
  }

  send(ask: Ask): void {
    if (this.attached) this.asks.push(ask);
  }

  attach(): void {
    this.attached = true;
    for (const member of this.members) if (member.active) this.send({ k: 'want', wanted: member.wanted });
  }

  add(member: Member): void {
    if (!this.members.includes(member)) this.members.push(member);
    member.begin();
    this.send({ k: 'want', wanted: member.wanted });
  }

  remove(member: Member, linger: number): void {
    this.send({ k: 'drop', id: member.id, linger });
    member.end();
  }

  /** Hears so much of what has been sent to it. */
  hear(most = Infinity): void {
    for (const [ids, tell] of this.tells.splice(0, most)) this.#receive(ids, tell);
  }

  /** Its host is no more, and what was on its way is lost. */
  lose(): void {
    this.attached = false;
    this.asks.length = this.tells.length = 0;
    for (const member of this.members) member.moved();
  }

  #receive(ids: readonly number[], tell: Tell): void {
    for (const member of this.members.filter(({ id, active }) => active && ids.includes(id))) {
      if (tell.k === 'headers') this.send({ k: 'headers', id: member.id, headers: {} });
      else if (tell.k === 'state' && tell.detail.reason === 'ended') this.remove(member, 0);
      else member.receive(tell);
    }
    if (tell.k !== 'event') return;
    for (const member of this.members) {
      if (member.active && member.feed === tell.feed && member.mark.at < tell.mark.at) member.pass(tell.mark);
    }
  }
}
