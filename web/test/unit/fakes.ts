import assert from 'node:assert/strict';
import type { FetchOptions } from '../../src/fetch-source.js';
import type { Place } from '../../src/place.js';
import type { StateChange } from '../../src/types.js';
import type { StreamEvent, UpstreamObserver } from '../../src/upstream.js';

/** An event as a server would send it. Without `id` it has none; an empty one clears. */
export interface Sent {
  readonly type?: string;
  readonly data?: string;
  readonly id?: string;
}

/** An EventSource whose server is the test. */
export class FakeSource extends EventTarget {
  readonly url: string;
  readonly withCredentials: boolean;
  readyState = 0;
  #lastEventId = '';
  #listened = new Map<string, number>();

  constructor(url: string, withCredentials: boolean) {
    super();
    this.url = url;
    this.withCredentials = withCredentials;
  }

  override addEventListener(type: string, listener: EventListener): void {
    this.#listened.set(type, (this.#listened.get(type) ?? 0) + 1);
    super.addEventListener(type, listener);
  }

  /** How many listeners a type has. */
  listeners(type: string): number {
    return this.#listened.get(type) ?? 0;
  }

  get cursor(): string | null {
    return new URL(this.url).searchParams.get('last_event_id');
  }

  accept(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  send({ type = 'message', data = '', id }: Sent): void {
    if (id !== undefined) this.#lastEventId = id;
    if (this.readyState === 2) return;
    const init = { data, lastEventId: this.#lastEventId, origin: 'https://hub.example' };
    this.dispatchEvent(new MessageEvent(type, init));
  }

  /** Ends the stream or the attempt; `forGood` as for an answer that is no event stream. */
  fail(forGood = false): void {
    this.readyState = forGood ? 2 : 0;
    this.dispatchEvent(new Event('error'));
  }

  close(): void {
    this.readyState = 2;
  }
}

/** A page with a clock that the test moves. `random` gives the upper bound of each wait, unless set. */
export class FakePlace implements Place {
  readonly sources: FakeSource[] = [];
  time = 0;
  draw = 0.999_999_999;
  #timers = new Set<{ at: number; callback: () => void }>();

  /** How many streams there may be at a time. */
  most = 1;
  /** What was asked of `fetch`, by the address. */
  readonly fetched = new Map<string, FetchOptions>();
  #soon: (() => void)[] = [];

  open(url: string, withCredentials: boolean): FakeSource {
    const others = this.sources.filter(({ readyState }) => readyState !== 2);
    assert.ok(others.length < this.most, 'a stream is opened beside another');
    const source = new FakeSource(url, withCredentials);
    this.sources.push(source);
    return source;
  }

  fetch(url: string, options: FetchOptions): FakeSource {
    this.fetched.set(url, options);
    return this.open(url, options.withCredentials);
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Does what was to be done soon. */
  turn(): void {
    while (this.#soon.length > 0) for (const callback of this.#soon.splice(0)) callback();
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return this.draw;
  }

  get timers(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.callback();
    }
    this.time = end;
  }

  /** Time goes by, but nothing runs. */
  sleep(ms: number): void {
    this.time += ms;
    this.pass(0);
  }

  /** The newest source. */
  get source(): FakeSource {
    const source = this.sources.at(-1);
    assert.ok(source, 'no stream was opened');
    return source;
  }
}

/** Keeps what an upstream tells. */
export class Recorder implements UpstreamObserver {
  readonly events: StreamEvent[] = [];
  readonly states: StateChange[] = [];

  event(event: StreamEvent): void {
    this.events.push(event);
  }

  state(change: StateChange): void {
    this.states.push(change);
  }

  get data(): string[] {
    return this.events.map(({ data }) => data);
  }

  get last(): StateChange | undefined {
    return this.states.at(-1);
  }
}
