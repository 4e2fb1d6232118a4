import { failed, type FetchOptions } from '../../src/fetch-source.js';
import { Parser } from '../../src/parser.js';
import type { Place, Source } from '../../src/place.js';
import { FakePlace } from './fakes.js';
import { Log, type Update } from './model-log.js';

/** A hub that unites streams, or a server of the protocol without the hub's signals. */
export type Form = 'hub' | 'plain';

/** What a browser makes of a stream: events for those who listen to their types, or over `fetch` for the last listener. */
export class ModelSource implements Source {
  readonly url: URL;
  readonly fetched: boolean;
  /** The cursor that was brought. */
  readonly cursor: string;
  closed = false;
  readonly #listeners = new Map<string, ((event: Event) => void)[]>();
  readonly #parser: Parser;

  constructor(url: string, options?: FetchOptions) {
    this.url = new URL(url);
    this.fetched = options !== undefined;
    this.cursor = options?.lastEventId || (this.url.searchParams.get('last_event_id') ?? '');
    const bring = (event: Event): void => this.#dispatch(event);
    this.#parser = new Parser({
      event: ({ type, ...init }) => bring(new MessageEvent(type, { ...init, origin: this.url.origin })),
      retry: (ms) => this.fetched && bring(new CustomEvent('retry', { detail: ms })),
      id: (id) => this.fetched && bring(new CustomEvent('id', { detail: id })),
    }, options?.lastEventId);
  }

  get topics(): string[] {
    return [...this.url.searchParams.getAll('topic'), ...this.url.searchParams.getAll('match')];
  }

  addEventListener(type: string, listener: (event: Event) => void): void {
    if (this.fetched) this.#listeners.set('', [listener]);
    else this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  open(): void {
    this.#dispatch(new Event('open'));
  }

  push(text: string): void {
    if (this.fetched) this.#dispatch(new Event('alive'));
    this.#parser.push(text);
  }

  fail(status = 0, retryAfter: string | null = null): void {
    this.#dispatch(this.fetched ? failed(status, retryAfter) : new Event('error'));
    this.closed = true;
  }

  close(): void {
    this.closed = true;
  }

  #dispatch(event: Event): void {
    for (const listener of this.#listeners.get(this.fetched ? '' : event.type) ?? []) if (!this.closed) listener(event);
  }
}

/** A stream as its hub sees it. */
class Stream {
  readonly source: ModelSource;
  readonly #hub: ModelHub;
  readonly #signals: boolean;
  readonly #envelope: boolean;
  /** All up to here has been written, but not yet brought. */
  #at: number;
  #told = 0;
  #out = '';
  #begun = false;
  /** Characters of the beginning that were not brought yet. */
  #hello = 0;
  /** It is to end when all has been brought. */
  ending = false;
  /** Nothing is brought any more, and nobody says so. */
  dead = false;

  constructor(source: ModelSource, hub: ModelHub) {
    this.source = source;
    this.#hub = hub;
    const { searchParams } = source.url;
    const { log } = hub;
    this.#signals = hub.form === 'hub' && searchParams.has('signals');
    this.#envelope = hub.form === 'hub' && searchParams.has('envelope');
    const { kind, after, to, why } = log.judge(source.cursor, (update) => this.#wants(update));
    this.#at = after;
    if (!this.#signals) return;
    const position = log.position(after);
    const hello = { epoch: log.epoch, position, verdict: kind, heartbeat: hub.heartbeat, limits: { matchers: hub.limit } };
    this.#signal('hello', hello, kind === 'gap' ? undefined : position);
    if (kind === 'gap') this.#signal('gap', { from: source.cursor, to: log.position(to), why }, position);
    this.#hello = this.#out.length;
  }

  get quiet(): boolean {
    return this.#begun && this.#out === '' && this.#at === this.#hub.log.head;
  }

  /** Brings so many characters more, the head first. */
  bring(characters: number): void {
    if (this.dead || this.source.closed) return;
    if (!this.#begun) {
      this.#begun = true;
      this.source.open();
    }
    for (let left = characters; left > 0 && !this.source.closed;) {
      if (this.#out === '') this.#write();
      const some = this.#out.slice(0, left);
      if (some === '') break;
      this.#out = this.#out.slice(left);
      left -= some.length;
      this.#hello -= some.length;
      this.source.push(some);
    }
    if (this.ending && this.#out === '') this.source.fail();
  }

  /** A hub says hello soon after the head of its answer. */
  greet(): void {
    if (this.#begun && this.#hello > 0) this.bring(this.#hello);
  }

  ping(): void {
    if (this.#signals && this.quiet) this.#signal('ping', {}, this.#hub.log.position(this.#at));
  }

  expire(): void {
    if (this.#signals) this.#signal('expiring', { at: 1, in: 1_000 });
  }

  bye(retry: number): void {
    if (this.#signals) this.#signal('bye', { reason: 'shutdown', retry });
    this.ending = true;
  }

  #wants({ topics }: Update): boolean {
    return this.source.topics.some((topic) => topic === '*' || topics.includes(topic));
  }

  #write(): void {
    const { log } = this.#hub;
    while (this.#out === '' && this.#at < log.head) {
      const lost = log.floor - 1;
      if (this.#at < lost && this.#told < lost) {
        // Retention was faster than this stream.
        if (!this.#signals) return void (this.ending = true);
        this.#told = lost;
        this.#signal('gap', { from: log.position(this.#at), to: log.position(lost), why: 'retention' });
        return;
      }
      this.#at = Math.max(this.#at, lost);
      if (this.#at === log.head) return;
      const update = log.at(++this.#at);
      if (!update || !this.#wants(update)) continue;
      const { topics, type, data } = update;
      const id = update.id || log.position(this.#at);
      if (this.#envelope) this.#signal('update', { offset: this.#at, topics, ...(type && { type }), data }, id);
      else this.#out += `${type && `event: ${type}\n`}id: ${id}\ndata: ${data}\n\n`;
    }
  }

  #signal(name: string, data: unknown, id?: string): void {
    this.#out += `event: tidings.${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
  }
}

/** A hub that is played, and the network before it. */
export class ModelHub {
  readonly log = new Log();
  form: Form = 'hub';
  limit = 100;
  heartbeat = 0;
  /** Asked for, and not yet answered. */
  readonly requests = new Set<ModelSource>();
  readonly streams = new Set<Stream>();

  accept(source: ModelSource): void {
    this.requests.delete(source);
    this.streams.add(new Stream(source, this));
  }

  refuse(source: ModelSource, status = 0, retryAfter: string | null = null): void {
    this.requests.delete(source);
    source.fail(status, retryAfter);
  }

  /** What is refused whatever happens: too much, or what nobody may have. */
  forbids({ topics }: ModelSource): boolean {
    return topics.length > this.limit || topics.includes('bad');
  }

  /** Forgets those that are no more. */
  sweep(): void {
    for (const source of this.requests) if (source.closed) this.requests.delete(source);
    for (const stream of this.streams) if (stream.source.closed) this.streams.delete(stream);
  }

  fall(): void {
    for (const { source } of this.streams) source.fail();
    for (const source of [...this.requests]) this.refuse(source);
  }
}

/** Where the host lives: a clock that the test moves, and the way to the hub. */
export class ModelPlace implements Place {
  readonly clock = new FakePlace();
  readonly random: () => number;
  readonly #hub: ModelHub;
  readonly #sources = new Set<ModelSource>();

  constructor(hub: ModelHub, random: () => number) {
    this.#hub = hub;
    this.random = random;
  }

  /** Connections that are open, or being made. */
  get connections(): ModelSource[] {
    for (const source of this.#sources) if (source.closed) this.#sources.delete(source);
    return [...this.#sources];
  }

  open(url: string): ModelSource {
    return this.#ask(new ModelSource(url));
  }

  fetch(url: string, options: FetchOptions): ModelSource {
    const source = new ModelSource(url, options);
    this.#sources.add(source);
    options.headers().then(() => source.closed || this.#ask(source), () => source.closed || source.fail());
    return source;
  }

  after(ms: number, callback: () => void): () => void {
    return this.clock.after(ms, callback);
  }

  soon(callback: () => void): void {
    this.clock.soon(callback);
  }

  now(): number {
    return this.clock.now();
  }

  #ask(source: ModelSource): ModelSource {
    this.#sources.add(source);
    this.#hub.requests.add(source);
    return source;
  }
}
