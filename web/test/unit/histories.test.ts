import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Host } from '../../src/host.js';
import type { Mark, Tell } from '../../src/wire.js';
import { FakePlace, type FakeSource } from './fakes.js';

/** A sequence of numbers from 0 up to, not including, 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const topics = ['a', 'b', 'c', 'd'];

/** A place in a log of the hub's, as its ids say it. */
interface Place {
  readonly epoch: string;
  readonly offset: number;
}

function placeOf(id: string): Place {
  const [epoch = '', offset] = id.slice(1).split('.');
  return { epoch, offset: Number(offset) };
}

/** A hub whose log begins a new epoch with each start, and may have lost its end then, or drop its beginning. */
class Log {
  readonly updates: (readonly string[])[] = [];
  /** The first offset that is kept. */
  floor = 1;
  starts = 1;
  #lineage = [{ epoch: 'e1', first: 1 }];

  get head(): number {
    return this.updates.length;
  }

  get epoch(): string {
    return this.#lineage.at(-1)?.epoch ?? '';
  }

  start(lost: number): void {
    this.updates.length = Math.max(this.head - lost, this.floor - 1);
    this.starts += 1;
    this.#lineage = [...this.#lineage.filter(({ first }) => first <= this.head), { epoch: `e${this.starts}`, first: this.head + 1 }];
  }

  contains({ epoch, offset }: Place): boolean {
    const i = this.#lineage.findIndex((each) => each.epoch === epoch);
    return i >= 0 && offset <= Math.min(this.head, (this.#lineage[i + 1]?.first ?? Infinity) - 1);
  }

  /** Whether something that is wanted lies behind one place and up to another, be it kept or not. */
  has(after: number, to: number, wanted: readonly string[]): boolean {
    return this.updates.slice(after, to).some((about) => about.some((topic) => wanted.includes(topic)));
  }
}

/** A stream as a page sees it, which notices what is kept from it or comes twice unless it is told of a gap. */
class Stream {
  readonly id: number;
  readonly topics: readonly string[];
  readonly #log: Log;
  mark: Mark;
  feed = 0;
  active = false;
  gaps = 0;
  got = 0;
  #fault = '';
  #told = -1;

  constructor(id: number, wanted: readonly string[], log: Log, cursor: string) {
    this.id = id;
    this.topics = wanted;
    this.#log = log;
    this.mark = { id: cursor, at: NaN, line: '' };
  }

  receive(tell: Tell): void {
    if (tell.k === 'gap') {
      this.gaps += 1;
      // It explains what is seen next, up to its end.
      this.#told = placeOf(tell.gap.to).offset;
    } else if (tell.k === 'event') {
      if (tell.mark.line === this.mark.line && tell.mark.at <= this.mark.at) return;
      this.got += 1;
      assert.equal(this.#fault, '');
      this.#move(tell.mark, 1);
      assert.equal(this.#fault, '');
    } else if (tell.k === 'mark' || tell.k === 'reset') {
      this.feed = tell.feed;
      if (tell.k === 'reset' || tell.mark.line !== this.mark.line || tell.mark.at > this.mark.at) this.#move(tell.mark, 0);
    }
  }

  /** The page has seen that its feed is beyond an event of another of its streams. */
  pass(mark: Mark): void {
    if (this.mark.at < mark.at) this.#move(mark, 0);
  }

  /** What lies up to the end of a gap that was told is explained by it. */
  #move(mark: Mark, event: 0 | 1): void {
    if (this.mark.id !== '' && placeOf(mark.id).offset - event > this.#told) {
      const [from, to] = [placeOf(this.mark.id), placeOf(mark.id)];
      const say = (what: string): void => void (this.#fault ||= `stream ${this.id} of ${this.topics}, from ${this.mark.id} to ${mark.id}: ${what}`);
      // What the host has kept of a history that the hub has lost is in order, too.
      if (!this.#log.contains(to)) assert.ok(to.offset >= from.offset + event, `stream ${this.id}: it comes again`);
      else if (!this.#log.contains(from)) say('it was in another history, and is not told');
      else if (to.offset < from.offset + event) say('it comes again');
      else if (this.#log.has(Math.max(from.offset, this.#told), to.offset - event, this.topics)) say('something is lost');
    }
    this.mark = mark;
  }

  check(): void {
    assert.equal(this.#fault, '');
    assert.ok(this.got > 0 && placeOf(this.mark.id).offset === this.#log.head, `stream ${this.id} is at ${this.mark.id}, the head is ${this.#log.head}`);
  }
}

class World {
  readonly place = new FakePlace();
  readonly streams: Stream[] = [];
  readonly log = new Log();
  readonly #random: () => number;
  /** Nothing fails any more. */
  #resting = false;
  readonly #live = new Map<FakeSource, readonly string[]>();
  #host: Host;

  constructor(random: () => number) {
    this.#random = random;
    this.place.random = random;
    this.place.most = Infinity;
    this.#host = this.#newHost();
  }

  step(): void {
    const draw = this.#random();
    const stream = this.streams[this.#upTo(this.streams.length)];
    if (draw < 0.35) this.#publish(topics.filter(() => this.#random() < 0.4));
    else if (draw < 0.5) this.place.turn();
    else if (draw < 0.65) this.#accept();
    else if (draw < 0.72) this.#come();
    else if (draw < 0.8 && stream) this.#toggle(stream);
    else if (draw < 0.84) this.#ping();
    else if (draw < 0.88) this.#cut();
    else if (draw < 0.9) this.#replaceHost();
    else if (draw < 0.92) this.#restart();
    else if (draw < 0.93) this.log.floor += this.#upTo(this.log.head + 1 - this.log.floor);
    else this.place.pass(this.#upTo(2_000));
  }

  /** Everything comes to rest: all are there, and live from one connection. */
  rest(): void {
    this.#resting = true;
    for (const stream of this.streams) if (!stream.active) this.#toggle(stream);
    for (let i = 0; i < 90; i++) {
      this.place.turn();
      this.#accept();
      this.place.pass(1_500);
    }
    this.#publish(topics);
    this.#ping();
    for (const stream of this.streams) stream.check();
    assert.equal(this.place.sources.filter(({ readyState }) => readyState === 1).length, 1, 'connections');
  }

  #upTo(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #newHost(): Host {
    return new Host((to, tell) => {
      for (const ids of to.values()) for (const id of ids) this.streams[id]?.receive(tell);
      if (tell.k !== 'event') return;
      for (const stream of this.streams) if (stream.feed === tell.feed && stream.active) stream.pass(tell.mark);
    }, this.place);
  }

  #accept(): void {
    for (const source of this.place.sources) {
      if (source.readyState !== 0 || this.#live.has(source)) continue;
      const query = new URL(source.url).searchParams;
      const { log } = this;
      const cursor = query.get('last_event_id');
      const from = cursor === null ? undefined : placeOf(cursor);
      const known = from && log.contains(from);
      let at = from?.offset ?? log.head;
      let why = '';
      if (from && (!known || from.offset < log.floor - 1)) {
        why = known ? 'retention' : 'lineage';
        at = Math.max(log.floor - 1, log.head - this.#upTo(4));
      }
      this.#live.set(source, query.getAll('topic'));
      source.accept();
      const verdict = why ? 'gap' : from ? 'resumed' : 'fresh';
      const position = `#${log.epoch}.${at}`;
      this.#signal(source, 'hello', { epoch: log.epoch, position, verdict, heartbeat: 0, limits: { matchers: 10 } }, why ? undefined : position);
      if (why && !this.#resting && this.#upTo(4) === 0) {
        this.#live.delete(source);
        source.fail(); // before the gap is told
        continue;
      }
      if (why) this.#signal(source, 'gap', { from: cursor, to: position, why }, position);
      for (let offset = at + 1; offset <= log.head; offset++) this.#update(source, offset);
    }
  }

  #publish(about: readonly string[]): void {
    this.log.updates.push(about);
    for (const [source] of this.#live) this.#update(source, this.log.head);
  }

  #update(source: FakeSource, offset: number): void {
    const about = this.log.updates[offset - 1] ?? [];
    if (this.#live.get(source)?.some((topic) => about.includes(topic))) this.#signal(source, 'update', { offset, topics: about, data: '' }, 'same');
  }

  #signal(source: FakeSource, name: string, data: unknown, id?: string): void {
    source.send({ type: `tidings.${name}`, data: JSON.stringify(data), ...(id !== undefined && { id }) });
  }

  #ping(): void {
    for (const [source] of this.#live) this.#signal(source, 'ping', {}, `#${this.log.epoch}.${this.log.head}`);
  }

  #cut(): void {
    const [source] = [...this.#live.keys()].filter(({ readyState }) => readyState === 1);
    if (!source) return;
    this.#live.delete(source);
    source.fail();
  }

  /** The hub starts anew, with all that it had, or as it was a while ago. */
  #restart(): void {
    this.log.start(this.#random() < 0.5 ? 0 : this.#upTo(5));
    const sources = this.place.sources.filter(({ readyState }) => readyState !== 2);
    this.#live.clear();
    for (const source of sources) source.fail();
  }

  #come(): void {
    if (this.streams.length >= 8) return;
    const some = topics.filter(() => this.#random() < 0.4).slice(0, 2);
    const cursor = this.#random() < 0.3 ? `#${this.log.epoch}.${this.#upTo(this.log.head + 1)}` : '';
    const stream = new Stream(this.streams.length, some.length > 0 ? some : ['a'], this.log, cursor);
    this.streams.push(stream);
    this.#toggle(stream);
  }

  #toggle(stream: Stream): void {
    stream.active = !stream.active;
    stream.feed = 0;
    if (stream.active) this.#want(stream);
    else this.#host.receive(`page ${stream.id}`, { k: 'drop', id: stream.id, linger: this.#random() < 0.5 ? 500 : 0 });
  }

  #want({ id, topics: wanted, mark }: Stream): void {
    const url = `https://hub.example/hub?${wanted.map((topic) => `topic=${topic}`).join('&')}`;
    this.#host.receive(`page ${id}`, { k: 'want', wanted: { id, url, withCredentials: false, types: ['message'], mark } });
  }

  #replaceHost(): void {
    this.#host.stop();
    this.#live.clear();
    this.#host = this.#newHost();
    for (const stream of this.streams) {
      stream.feed = 0;
      if (stream.active) this.#want(stream);
    }
  }
}

test('whatever the hub loses, each stream gets its own once and in order, or is told of a gap', () => {
  const sum = { starts: 0, gaps: 0, got: 0 };
  for (let seed = 1; seed <= Number(process.env['TIDINGS_SEEDS'] ?? 400); seed++) {
    const world = new World(generator(seed));
    try {
      for (let i = 0; i < 250; i++) world.step();
      world.rest();
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
    sum.starts += world.log.starts;
    for (const { gaps, got } of world.streams) [sum.gaps, sum.got] = [sum.gaps + gaps, sum.got + got];
  }
  assert.ok(sum.starts > 1_000 && sum.gaps > 500 && sum.got > 10_000, JSON.stringify(sum));
});
