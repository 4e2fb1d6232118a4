import assert from 'node:assert/strict';
import { Host } from '../../src/host.js';
import type { Mark } from '../../src/wire.js';
import { ModelHub, ModelPlace, type Form, type ModelSource } from './model-hub.js';
import { Member, ModelPage, type Options } from './model-page.js';

const topics = ['a', 'b', 'c', 'd'];
const types = ['message', 'est', 'pst'];
const none: Mark = { id: '', at: NaN, line: '' };
const big = 'x'.repeat(400_000);

/** What may happen in a history; each seed draws another. */
export interface Traits {
  readonly form: Form;
  /** Publishers use ids again; only positions say a place then. */
  readonly reused: boolean;
  readonly limit: number;
  readonly heartbeat: number;
  readonly headers: boolean;
  /** One topic is refused. */
  readonly bad: boolean;
  /** All want the same address, and the hub takes its time to say hello. */
  readonly same: boolean;
  /** Updates so large that few are kept in the host. */
  readonly big: boolean;
  /** Messages between pages and host are under way for a while. */
  readonly lag: boolean;
}

export class World {
  readonly hub = new ModelHub();
  readonly pages: ModelPage[] = [];
  readonly traits: Traits;
  readonly counts: Record<string, number> = {};
  readonly #place: ModelPlace;
  readonly #random: () => number;
  #host: Host;
  #resting = false;

  constructor(random: () => number) {
    this.#random = random;
    const form = this.#one<Form>(['hub', 'hub', 'hub', 'hub', 'plain']);
    this.traits = {
      form,
      reused: form === 'hub' && this.#maybe(0.6),
      limit: this.#one([100, 100, 2, 4]),
      heartbeat: this.#one([0, 1_000]),
      headers: this.#maybe(0.25),
      bad: form === 'hub' && this.#maybe(0.2),
      same: form === 'plain' || this.#maybe(0.1),
      big: this.#maybe(0.05),
      lag: form === 'hub' && this.#maybe(0.5),
    };
    this.#place = new ModelPlace(this.hub, random);
    this.hub.form = form;
    this.hub.limit = this.traits.limit;
    this.hub.heartbeat = this.traits.heartbeat;
    this.hub.log.gapReplay = this.#upTo(4);
    this.#host = this.#newHost();
    for (let i = 0; i < 3; i++) {
      const page = new ModelPage(`page ${i}`);
      this.pages.push(page);
      page.attach();
    }
  }

  get members(): Member[] {
    return this.pages.flatMap(({ members }) => members);
  }

  async live(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.#step();
      await this.#settle(!this.traits.lag || this.#maybe(0.5));
      this.#bound();
    }
    await this.#rest();
    await this.#end();
  }

  #step(): void {
    const draw = this.#random() * 100;
    const page = this.#one(this.pages);
    const member = this.#one([...page.members, undefined]);
    const stream = this.#one([...this.hub.streams]);
    if (draw < 22) this.#publish();
    else if (draw < 30) this.#place.clock.turn();
    else if (draw < 42) this.#answer();
    else if (draw < 58) this.#bring();
    else if (draw < 64) this.#come(page);
    else if (draw < 70) this.#toggle(page, member);
    else if (draw < 72) this.#retype(page, member);
    else if (draw < 75) stream?.ping();
    else if (draw < 76) stream?.expire();
    else if (draw < 77) stream?.bye(this.#upTo(3_000));
    else if (draw < 81) this.#cut(stream);
    else if (draw < 82) stream && (stream.dead = this.traits.heartbeat > 0);
    else if (draw < 84) this.#hide(page);
    else if (draw < 86) this.#replaceHost();
    else if (draw < 88) this.#restart();
    else if (draw < 89) this.#retain();
    else if (draw < 90 && member?.active) page.send({ k: 'redo', id: member.id });
    else if (draw < 91) page.send({ k: 'wake', reason: 'online' });
    else if (draw < 91.5) this.#sleep();
    else this.#pass(this.#upTo(2_000));
  }

  /** Everything comes to rest: all are there, and have what there is. */
  async #rest(): Promise<void> {
    this.#resting = true;
    this.#even();
    for (const page of this.pages) {
      if (page.away) this.#hide(page);
      for (const member of page.members) if (!member.active) page.add(member);
    }
    for (const stream of this.hub.streams) if (stream.dead) stream.source.fail();
    // Who shares with what is refused has to wait, for minutes at worst.
    for (let i = 0, calm = 0; i < 90 || (i < 1_500 && calm < 5); i++) {
      calm = this.#served().every(({ state }) => state === 'open') ? calm + 1 : 0;
      await this.#settle(true);
      this.#place.clock.turn();
      this.#answer();
      this.#bring();
      this.#pass(1_500);
    }
    const last = types.map((type) => this.hub.log.publish(topics, type === 'message' ? '' : type, ''));
    this.#bring();
    await this.#settle(true);
    for (const member of this.#served()) {
      assert.equal(member.state, 'open', member.name);
      for (const update of last) if (member.wants(update)) assert.ok(member.has(update), `${member.name} has the last`);
    }
    this.#allowed();
  }

  /** How many connections there may be. */
  #allowed(): void {
    const served = this.#served();
    const open = this.#place.connections.filter(({ topics: on }) => !on.includes('bad'));
    const wire = new Set(served.flatMap((each) => each.options.topics)).size;
    const bases = new Set(served.map(({ options }) => `${options.url.includes('match=')} ${options.headers}`));
    if (this.traits.form === 'hub' && wire <= this.traits.limit) assert.equal(open.length, bases.size, 'connections');
    else assert.ok(open.length <= served.length, 'connections');
    this.#count('connections', open.length);
  }

  /** All go, and leave nothing. */
  async #end(): Promise<void> {
    for (const page of this.pages) for (const member of page.members) if (member.active) page.remove(member, this.#upTo(2) * 500);
    await this.#settle(true);
    this.#place.clock.turn();
    this.#place.clock.pass(1_000);
    assert.deepEqual(this.#host.info, { pages: 0, feeds: [] });
    assert.deepEqual([this.#place.connections.length, this.#place.clock.timers], [0, 0], 'connections and timers');
    for (const { gaps, events } of this.members) this.#count('gaps', gaps), this.#count('events', events);
    this.#count('starts', this.hub.log.starts);
  }

  #served(): Member[] {
    return this.members.filter(({ active, options }) => active && !options.topics.includes('bad') && options.topics.length <= this.hub.limit);
  }

  /** Never is there more than what those who are there need. */
  #bound(): void {
    const { feeds } = this.#host;
    const subs = [...feeds].reduce((sum, feed) => sum + feed.subs.size, 0);
    assert.ok(this.#place.connections.length <= feeds.size, 'more connections than feeds');
    assert.ok(this.#place.clock.timers <= 4 * feeds.size, 'more timers than feeds need');
    assert.ok(subs <= this.members.length, 'a subscription is left behind');
    for (const feed of feeds) for (const sub of feed.subs) assert.equal(sub.feed, feed, 'a subscription is of one feed');
  }

  async #settle(whole: boolean): Promise<void> {
    for (let i = 0; i < (whole ? 4 : 1); i++) {
      for (const page of this.pages) {
        const most = whole ? Infinity : this.#upTo(4);
        for (const ask of page.asks.splice(0, most)) this.#ask(page, ask);
        page.hear(most);
      }
      if (this.traits.headers) for (let tick = 0; tick < 5; tick++) await undefined;
    }
    this.hub.sweep();
  }

  #ask(page: ModelPage, ask: Parameters<Host['receive']>[1]): void {
    this.#host.receive(page.name, ask);
    if (ask.k === 'want') page.members.find(({ id }) => id === ask.wanted.id)?.heard(ask.wanted.types);
  }

  #publish(): void {
    const { log } = this.hub;
    const { reused, form } = this.traits;
    for (let i = this.#upTo(4); i >= 0; i--) {
      const own = reused ? this.#one(['x', 'y', 'z']) : `u${log.published}`;
      const id = form === 'plain' || this.#maybe(0.3) ? own : '';
      log.publish(topics.filter(() => this.#maybe(0.35)), this.#one(['', '', 'est', 'pst', 'other']), id, this.traits.big ? big : 'é');
    }
  }

  #answer(): void {
    const { hub } = this;
    for (const source of hub.requests) {
      const draw = this.#random();
      if (hub.forbids(source)) hub.refuse(source, 403);
      else if (this.#resting || draw < 0.7) hub.accept(source);
      else if (draw < 0.8) hub.refuse(source, 503, '1');
      else if (draw < 0.85) hub.refuse(source);
      else if (draw < 0.86) hub.refuse(source, 204);
    }
  }

  #bring(): void {
    for (const stream of this.hub.streams) {
      if (this.#resting || this.#maybe(0.6)) stream.bring(Infinity);
      else if (this.#maybe(0.7)) stream.bring(this.#upTo(this.traits.big ? 1_000_000 : 600));
    }
  }

  /**
   * What a server that is no hub has sent of types that nobody listened to lies behind the last event that was heard: were
   * one of them listened to from now on, it would come after all if the stream is cut just then. No such thing is told.
   */
  #even(): void {
    if (this.traits.form !== 'plain') return;
    const { log, streams } = this.hub;
    log.publish(topics, '', `u${log.published}`);
    for (const stream of streams) stream.bring(Infinity);
  }

  #come(page: ModelPage): void {
    if (this.members.length >= 8 || page.away) return;
    this.#even();
    const { traits } = this;
    const name = this.traits.form !== 'plain' && this.#maybe(0.1) ? 'match' : 'topic';
    const some = traits.same ? ['a', 'b'] : topics.filter(() => this.#maybe(0.4)).slice(0, traits.limit);
    const wanted = some.length > 0 ? some : ['a'];
    if (!traits.same && this.#maybe(0.05)) wanted.splice(0, 4, '*');
    if (traits.bad && this.#maybe(0.2)) wanted.splice(0, 1, 'bad');
    const mark = this.#begin();
    const written = traits.form !== 'plain' && mark.id !== '' && this.#maybe(0.2);
    const url = `https://hub.example/hub?${[...wanted.map((topic) => `${name}=${topic}`), ...(written ? [`last_event_id=${encodeURIComponent(mark.id)}`] : [])].join('&')}`;
    const options: Options = {
      url,
      topics: wanted,
      types: types.filter((_, i) => i === 0 || this.#maybe(0.3)),
      headers: traits.headers && this.#maybe(0.7) ? '*' : undefined,
      mark: written ? none : mark,
      written: written ? mark.id : '',
    };
    this.#count('members');
    page.add(new Member(options, this.hub.log));
  }

  /** Where a new stream begins: now, at a place that a page has been at, at an id, or nowhere. */
  #begin(): Mark {
    const { log } = this.hub;
    const { form } = this.traits;
    const draw = this.#random();
    if (draw < 0.4) return none;
    // Marks of a server that is no hub are no page's to choose: they are counted by the host.
    const mark = form === 'plain' ? undefined : this.#one(this.members.flatMap(({ marks }) => marks).filter(({ id }) => id !== ''));
    if (draw < 0.6 && mark) return this.#maybe(0.5) ? mark : { ...none, id: mark.id };
    if (form === 'plain') {
      const update = log.at(1 + this.#upTo(log.head));
      return update ? { ...none, id: update.id } : none;
    }
    if (draw < 0.75) return { ...none, id: log.position(this.#upTo(log.head + 1)) };
    if (draw < 0.85 && form === 'hub') {
      const update = log.at(log.floor + this.#upTo(log.head + 1 - log.floor));
      return { ...none, id: update?.id || log.position(log.head) };
    }
    if (draw < 0.9 && form === 'hub') return { ...none, id: this.#one(['earliest', 'nowhere', '#zz.3']) };
    return none;
  }

  #toggle(page: ModelPage, member: Member | undefined): void {
    if (!member || page.away) return;
    this.#even();
    if (member.active) page.remove(member, this.#maybe(0.5) ? 500 : 0);
    else page.add(member);
  }

  #retype(page: ModelPage, member: Member | undefined): void {
    if (!member) return;
    this.#even();
    member.listen(types.filter(() => this.#maybe(0.5)));
    if (member.active) page.send({ k: 'want', wanted: member.wanted });
  }

  /** A page goes into the back/forward cache, or comes back. */
  #hide(page: ModelPage): void {
    if (page.away) {
      this.#even();
      page.away = false;
      page.attach();
      return;
    }
    for (const ask of page.asks.splice(0)) this.#ask(page, ask);
    if (!this.traits.lag) page.hear();
    if (page.attached) this.#host.receive(page.name, { k: 'gone' });
    page.lose();
    page.away = true;
  }

  #cut(stream: { source: ModelSource } | undefined): void {
    stream?.source.fail();
    if (stream) this.#count('cuts');
  }

  #replaceHost(): void {
    this.#even();
    this.#host.stop();
    assert.equal(this.#place.connections.length, 0, 'a host that has stopped has no connection');
    this.#place.clock.turn();
    assert.equal(this.#place.clock.timers, 0, 'a host that has stopped has no timer');
    this.#host = this.#newHost();
    this.#count('hosts');
    for (const page of this.pages) {
      if (page.away) continue;
      page.hear(this.traits.lag ? this.#upTo(page.tells.length + 1) : Infinity);
      page.lose();
      page.attach();
    }
  }

  #restart(): void {
    if (this.traits.form === 'plain') {
      this.hub.fall();
      return;
    }
    const draw = this.#random();
    this.hub.log.start(draw < 0.5 ? 0 : this.#upTo(6), draw > 0.95);
    this.hub.fall();
  }

  #retain(): void {
    const { log } = this.hub;
    if (this.traits.form === 'hub') log.floor += this.#upTo(log.head + 2 - log.floor);
  }

  #sleep(): void {
    for (const stream of this.hub.streams) stream.greet();
    this.#place.clock.sleep(300_000);
  }

  /** Time goes by, in which a hub says hello, and pings. */
  #pass(ms: number): void {
    const { clock } = this.#place;
    const end = clock.now() + ms;
    while (clock.now() < end) {
      if (!this.traits.same || this.#resting) for (const stream of this.hub.streams) stream.greet();
      if (this.traits.heartbeat > 0) for (const stream of this.hub.streams) stream.ping();
      clock.pass(Math.min(1_000, end - clock.now()));
    }
  }

  #newHost(): Host {
    return new Host((to, tell) => {
      for (const page of this.pages) {
        const ids = to.get(page.name);
        if (ids && !page.away) page.tells.push([ids, tell]);
      }
    }, this.#place);
  }

  #count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  #maybe(chance: number): boolean {
    return this.#random() < chance;
  }

  #upTo(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#upTo(of.length)] as T;
  }
}
