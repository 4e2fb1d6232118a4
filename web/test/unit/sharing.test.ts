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

/** A hub unites topics; with any other server, only equal addresses are shared. */
type Kind = 'hub' | 'plain';

/** A stream as a page sees it: what it has had, and what it is handed. */
class Stream {
  readonly id: number;
  readonly topics: readonly string[];
  mark: Mark;
  feed = 0;
  /** The place from which all is wanted: its own cursor, or the first that a hub told it. */
  start: number | undefined;
  readonly got: number[] = [];
  active = false;

  constructor(id: number, wanted: readonly string[], start: number | undefined, cursor: string) {
    this.id = id;
    this.topics = wanted;
    this.start = start;
    this.mark = { id: cursor, at: NaN, line: '' };
  }

  receive(tell: Tell): void {
    if (tell.k === 'event') {
      if (tell.mark.line === this.mark.line && tell.mark.at <= this.mark.at) return;
      this.mark = tell.mark;
      this.got.push(Number(tell.data));
    } else if (tell.k === 'mark') {
      this.feed = tell.feed;
      if (tell.mark.line === 'e1') this.start ??= tell.mark.at;
      if (tell.mark.line !== this.mark.line || tell.mark.at > this.mark.at) this.mark = tell.mark;
    }
  }
}

/** Pages and hosts that come and go, connections that are cut, and a server with a log: all by chance. */
class World {
  readonly place = new FakePlace();
  readonly streams: Stream[] = [];
  readonly log: (readonly string[])[] = [];
  readonly counts = { cuts: 0, hosts: 0, opened: 0, most: 0 };
  readonly #kind: Kind;
  readonly #random: () => number;
  readonly #limit: number;
  readonly #live = new Map<FakeSource, readonly string[]>();
  #host: Host;

  constructor(kind: Kind, random: () => number) {
    this.#kind = kind;
    this.#random = random;
    this.place.random = random;
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
    this.#publish(topics);
  }

  /** The server answers those that have asked. */
  accept(): void {
    for (const source of this.place.sources) {
      if (source.readyState !== 0 || this.#live.has(source)) continue;
      const query = new URL(source.url).searchParams;
      const wanted = [...query.getAll('topic'), ...query.getAll('page')];
      const cursor = query.get('last_event_id');
      const at = cursor === null ? this.log.length : Number(this.#kind === 'hub' ? /^#e1\.(\d+)$/.exec(cursor)?.[1] : cursor);
      assert.ok(at <= this.log.length, `a cursor that the server can read: ${cursor}`);
      this.#live.set(source, wanted);
      this.counts.opened += 1;
      source.accept();
      const hello = { epoch: 'e1', position: `#e1.${at}`, verdict: 'resumed', heartbeat: 0, limits: { matchers: this.#limit } };
      this.#signal(source, 'hello', hello, `#e1.${at}`);
      for (let offset = at + 1; offset <= this.log.length; offset++) this.#update(source, offset);
    }
    this.counts.most = Math.max(this.counts.most, this.place.sources.filter(({ readyState }) => readyState === 1).length);
  }

  check(): void {
    for (const { start, topics: wanted, got, id } of this.streams) {
      assert.ok(got.length > 0, `stream ${id} has got something`);
      const after = start ?? Number(got[0]) - 1;
      const want = this.log.map((_, i) => i + 1).filter((offset) => offset > after && this.log[offset - 1]?.some((topic) => wanted.includes(topic)));
      assert.deepEqual(got, want, `stream ${id} of ${wanted.join()}, after ${after}`);
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

  #publish(about: readonly string[] = topics.filter(() => this.#random() < 0.4)): void {
    this.log.push(about);
    for (const [source] of this.#live) this.#update(source, this.log.length);
  }

  #update(source: FakeSource, offset: number): void {
    const about = this.log[offset - 1] ?? [];
    if (!this.#live.get(source)?.some((topic) => about.includes(topic))) return;
    if (this.#kind === 'plain') source.send({ id: `${offset}`, data: `${offset}` });
    // Publishers use ids again.
    else this.#signal(source, 'update', { offset, topics: about, data: `${offset}` }, 'same');
  }

  #signal(source: FakeSource, name: string, data: unknown, id: string): void {
    if (this.#kind === 'hub') source.send({ type: `tidings.${name}`, id, data: JSON.stringify(data) });
  }

  #ping(): void {
    for (const [source] of this.#live) this.#signal(source, 'ping', {}, `#e1.${this.log.length}`);
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
    const some = this.#kind === 'hub' ? topics.filter(() => this.#random() < 0.4).slice(0, 2) : [];
    const wanted = some.length > 0 ? some : [topics[this.#upTo(topics.length)] as string];
    const start = this.#random() < 0.3 ? this.#upTo(this.log.length + 1) : undefined;
    const cursor = start === undefined ? '' : this.#kind === 'hub' ? `#e1.${start}` : `${start}`;
    const stream = new Stream(this.streams.length, wanted, start, cursor);
    this.streams.push(stream);
    this.#toggle(stream);
  }

  /** A page goes, or comes back with its mark. */
  #toggle(stream: Stream): void {
    stream.active = !stream.active;
    stream.feed = 0;
    if (stream.active) this.#want(stream);
    else this.#host.receive(`page ${stream.id}`, { k: 'drop', id: stream.id, linger: this.#random() < 0.5 ? 500 : 0 });
  }

  #want({ id, topics: wanted, mark }: Stream): void {
    const url = `https://hub.example/hub?${wanted.map((topic) => `${this.#kind === 'hub' ? 'topic' : 'page'}=${topic}`).join('&')}`;
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

for (const kind of ['hub', 'plain'] as const) {
  test(`whatever comes, goes and fails, each stream gets its own once and in order, with a ${kind} server`, () => {
    const sum = { cuts: 0, hosts: 0, opened: 0, most: 0 };
    for (let seed = 1; seed <= 300; seed++) {
      const world = new World(kind, generator(seed));
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
    assert.ok(sum.cuts > 1_000 && sum.hosts > 1_000 && sum.opened > 2_000 && sum.most > 1, JSON.stringify(sum));
  });
}
