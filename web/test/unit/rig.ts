import { Host } from '../../src/host.js';
import type { StateChange } from '../../src/types.js';
import type { Mark, Tell, Wanted } from '../../src/wire.js';
import { FakePlace, type FakeSource } from './fakes.js';

/** A host, its pages and a hub that is played by the test. */
export class Rig {
  readonly place: FakePlace = new FakePlace();
  readonly host: Host;
  epoch = 'e1';
  readonly #pages = new Map<string, Page>();

  constructor({ most = 1 } = {}) {
    this.place.most = most;
    this.host = new Host((to, tell) => {
      for (const [page, ids] of to) this.#pages.get(page)?.receive(ids, tell);
    }, this.place);
  }

  page(): Page {
    const page = new Page(this.host, `page ${this.#pages.size + 1}`);
    this.#pages.set(page.name, page);
    return page;
  }

  /** Lets what was to be done soon be done. */
  turn(): void {
    this.place.turn();
  }

  /** Open connections. */
  get open(): number {
    return this.place.sources.filter(({ readyState }) => readyState !== 2).length;
  }

  query(name: string): string[] {
    return new URL(this.place.source.url).searchParams.getAll(name);
  }

  /** The newest connection is accepted, or that of a number. */
  hello(at: number, verdict = 'fresh', which = -1, matchers = 100): void {
    const source = this.place.sources.at(which);
    const position = `#${this.epoch}.${at}`;
    source?.accept();
    const hello = { epoch: this.epoch, position, verdict, heartbeat: 1_000, limits: { matchers } };
    this.signal('hello', hello, verdict === 'gap' ? undefined : position, source);
  }

  signal(name: string, data: unknown, id?: string, source: FakeSource | undefined = this.place.source): void {
    source?.send({ type: `tidings.${name}`, data: JSON.stringify(data), ...(id !== undefined && { id }) });
  }

  update(offset: number, topics: string[], { id = `#${this.epoch}.${offset}`, type = '', data = '' } = {}, source?: FakeSource): void {
    this.signal('update', { offset, topics, ...(type && { type }), data }, id, source);
  }
}

/** A page, as far as a host knows it. */
export class Page {
  readonly name: string;
  readonly events: (Tell & { k: 'event' })[] = [];
  readonly states: string[] = [];
  readonly reasons: string[] = [];
  readonly gaps: string[] = [];
  /** How often it was asked for headers. */
  asked = 0;
  mark: Mark | undefined;
  readonly #host: Host;
  #id = 0;

  constructor(host: Host, name: string) {
    this.#host = host;
    this.name = name;
  }

  get offsets(): number[] {
    return this.events.map(({ mark }) => mark.at);
  }

  want(url: string, wanted: Partial<Wanted> = {}): void {
    const mark = { id: '', at: NaN, line: '' };
    this.#id += 1;
    this.#host.receive(this.name, { k: 'want', wanted: { id: this.#id, url, withCredentials: false, types: ['message'], mark, ...wanted } });
  }

  drop(linger: number): void {
    this.#host.receive(this.name, { k: 'drop', id: this.#id, linger });
  }

  gone(): void {
    this.#host.receive(this.name, { k: 'gone' });
  }

  receive(_ids: number[], tell: Tell): void {
    if (tell.k === 'event') this.events.push(tell);
    else if (tell.k === 'state') this.#follow(tell.detail);
    else if (tell.k === 'gap') this.gaps.push(tell.gap.why);
    else if (tell.k === 'headers') this.asked += 1;
    else if (tell.k === 'mark' || tell.k === 'reset') this.mark = tell.mark;
  }

  #follow({ state, reason }: StateChange): void {
    this.reasons.push(reason);
    if (this.states.at(-1) !== state) this.states.push(state);
  }
}
