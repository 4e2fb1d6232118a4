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

/** A stream as a page sees it: what it has had, and what it is handed. */
class Stream {
  readonly id: number;
  readonly topics: readonly string[];
  mark: Mark;
  feed = 0;
  /** The place from which all is wanted: its own cursor, or the first that it was told. */
  start: number | undefined;
  readonly got: number[] = [];
  active = false;

  constructor(id: number, wanted: readonly string[], cursor: number | undefined) {
    this.id = id;
    this.topics = wanted;
    this.start = cursor;
    this.mark = { id: cursor === undefined ? '' : `#e1.${cursor}`, at: NaN, line: '' };
  }

  receive(tell: Tell): void {
    if (tell.k === 'event') {
      if (tell.mark.line === this.mark.line && tell.mark.at <= this.mark.at) return;
      this.mark = tell.mark;
      this.got.push(Number(tell.data));
    } else if (tell.k === 'mark') {
      this.feed = tell.feed;
      this.start ??= tell.mark.at;
      if (tell.mark.line !== this.mark.line || tell.mark.at > this.mark.at) this.mark = tell.mark;
    }
  }
}

/** Pages and hosts that come and go, connections that are cut, and a hub with a log: all by chance. */
class World {
  readonly place = new FakePlace();
  readonly streams: Stream[] = [];
  readonly log: string[][] = [];
  readonly counts = { cuts: 0, hosts: 0, opened: 0, most: 0 };
  readonly #random: () => number;
  readonly #limit: number;
  readonly #live = new Map<FakeSource, readonly string[]>();
  #host: Host;

  constructor(random: () => number) {
    this.#random = random;
    this.#limit = 2 + this.#upTo(3);
    this.place.most = Infinity;
    this.#host = this.#newHost();
  }

  step(): void {
    const draw = this.#random();
    const stream = this.streams[this.#upTo(this.streams.length)];
    if (draw < 0.35) this.#publish();
    else if (draw < 0.5) this.place.turn();
    else if (draw < 0.65) this.accept();
    else if (draw < 0.72) this.#come();
    else if (draw < 0.8 && stream) this.#toggle(stream);
    else if (draw < 0.85) this.#ping();
    else if (draw < 0.9) this.#cut();
    else if (draw < 0.92) this.#replaceHost();
    else this.place.pass(this.#upTo(2_000));
  }

  /** Everything comes to rest: all are there, and what is to be made has been made. */
  rest(): void {
    for (const stream of this.streams) if (!stream.active) this.#toggle(stream);
    for (let i = 0; i < 20; i++) {
      this.place.turn();
      this.accept();
      this.place.pass(1_500);
    }
    this.#publish();
  }

  /** The hub answers those that have asked. */
  accept(): void {
    for (const source of this.place.sources) {
      if (source.readyState !== 0 || this.#live.has(source)) continue;
      const query = new URL(source.url).searchParams;
      const wanted = query.getAll('topic');
      const cursor = query.get('last_event_id');
      const at = cursor === null ? this.log.length : Number(/^#e1\.(\d+)$/.exec(cursor)?.[1]);
      assert.ok(at <= this.log.length, `a cursor that the hub can read: ${cursor}`);
      this.#live.set(source, wanted);
      this.counts.opened += 1;
      source.accept();
      const hello = { epoch: 'e1', verdict: 'resumed', heartbeat: 0, limits: { matchers: this.#limit } };
      source.send({ type: 'tidings.hello', id: `#e1.${at}`, data: JSON.stringify(hello) });
      for (let offset = at + 1; offset <= this.log.length; offset++) this.#update(source, offset);
    }
    this.counts.most = Math.max(this.counts.most, this.place.sources.filter(({ readyState }) => readyState === 1).length);
  }

  check(): void {
    for (const { start, topics: wanted, got, id } of this.streams) {
      assert.ok(start !== undefined, `stream ${id} has found its place`);
      const want = this.log.map((_, i) => i + 1).filter((offset) => offset > start && this.log[offset - 1]?.some((topic) => wanted.includes(topic)));
      assert.deepEqual(got, want, `stream ${id} of ${wanted.join()}, from ${start}`);
    }
  }

  #upTo(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #newHost(): Host {
    return new Host((to, tell) => {
      for (const ids of to.values()) for (const id of ids) this.streams[id]?.receive(tell);
      if (tell.k !== 'event') return;
      // As a page's link does.
      for (const stream of this.streams) if (stream.feed === tell.feed && stream.active && stream.mark.at < tell.mark.at) stream.mark = tell.mark;
    }, this.place);
  }

  #publish(): void {
    this.log.push(topics.filter(() => this.#random() < 0.4));
    for (const [source] of this.#live) this.#update(source, this.log.length);
  }

  #update(source: FakeSource, offset: number): void {
    const about = this.log[offset - 1] ?? [];
    if (!this.#live.get(source)?.some((topic) => about.includes(topic))) return;
    // Publishers use ids again.
    source.send({ type: 'tidings.update', id: 'same', data: JSON.stringify({ offset, topics: about, data: `${offset}` }) });
  }

  #ping(): void {
    for (const [source] of this.#live) source.send({ type: 'tidings.ping', id: `#e1.${this.log.length}`, data: '{}' });
  }

  #cut(): void {
    const [source] = [...this.#live.keys()].filter(({ readyState }) => readyState === 1);
    if (!source) return;
    this.counts.cuts += 1;
    this.#live.delete(source);
    source.fail();
  }

  #come(): void {
    if (this.streams.length >= 8) return;
    const wanted = topics.filter(() => this.#random() < 0.4).slice(0, 2);
    const cursor = this.#random() < 0.3 ? this.#upTo(this.log.length + 1) : undefined;
    const stream = new Stream(this.streams.length, wanted.length > 0 ? wanted : ['a'], cursor);
    this.streams.push(stream);
    this.#toggle(stream);
  }

  /** A page goes, or comes back with its mark. Who goes before it has a place begins anew. */
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
    this.counts.hosts += 1;
    this.#host.stop();
    this.#live.clear();
    this.#host = this.#newHost();
    for (const stream of this.streams) {
      stream.feed = 0;
      if (stream.active) this.#want(stream);
    }
  }
}

test('whatever comes, goes and fails, each stream gets its own once and in order', () => {
  const sum = { cuts: 0, hosts: 0, opened: 0, most: 0 };
  for (let seed = 1; seed <= 400; seed++) {
    const world = new World(generator(seed));
    try {
      for (let i = 0; i < 250; i++) world.step();
      world.rest();
      world.check();
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
    for (const name of ['cuts', 'hosts', 'opened'] as const) sum[name] += world.counts[name];
    sum.most = Math.max(sum.most, world.counts.most);
  }
  assert.ok(sum.cuts > 1_000 && sum.hosts > 1_000 && sum.opened > 5_000 && sum.most > 1, JSON.stringify(sum));
});
