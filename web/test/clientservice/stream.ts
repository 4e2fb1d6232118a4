import { Connection } from '../../src/connection.js';
import { FetchSource, type Failure, type FetchOptions } from '../../src/fetch-source.js';
import { browser, type Source } from '../../src/place.js';
import type { StateChange } from '../../src/types.js';
import type { StreamEvent } from '../../src/upstream.js';

/** What the judge wants of a stream. */
export interface Params {
  readonly streamUrl: string;
  readonly callbackUrl: string;
  readonly initialDelayMs?: number;
  readonly readTimeoutMs?: number;
  readonly lastEventId?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly body?: string;
}

/** The body of a callback. */
type Message =
  | { readonly kind: 'event'; readonly event: { readonly type: string; readonly data: string; readonly id: string } }
  | { readonly kind: 'comment'; readonly comment: string }
  | { readonly kind: 'error'; readonly error: string };

/**
 * One that the judge has asked for: a Connection over a FetchSource, as a page's host has it when headers are given.
 * Nothing of them is replaced but the place they run in, which adds what a page cannot ask for: method and body, and
 * that somebody hears comments.
 */
export class Stream {
  readonly #params: Params;
  readonly #callback: string;
  readonly #connection: Connection;
  readonly #types = new Set(['*']);
  readonly #over = new AbortController();
  #delay: number | undefined;
  #sent = 0;
  #told: Promise<void> = Promise.resolve();
  #failure: Failure | undefined;

  /** Throws if the parameters make no sense. */
  constructor(params: Params) {
    const { streamUrl, callbackUrl, lastEventId = '', headers = {}, readTimeoutMs = 0, initialDelayMs = 0 } = params;
    if (readTimeoutMs < 0 || initialDelayMs < 0) throw new Error('a time is negative');
    for (const url of [streamUrl, callbackUrl]) if (!/^https?:$/.test(new URL(url).protocol)) throw new Error(`${url} is not of HTTP`);
    this.#params = params;
    this.#delay = params.initialDelayMs;
    this.#callback = callbackUrl.replace(/\/$/, '');
    this.#connection = new Connection(
      { url: streamUrl, withCredentials: false, lastEventId, types: this.#types, headers: async () => headers },
      { event: (event) => this.#event(event), state: (change) => this.#state(change) },
      { ...browser, fetch: (url, options) => this.#source(url, options) },
    );
    this.#connection.open('start');
  }

  restart(): void {
    this.#connection.reconnect('reconnect');
  }

  /** The transport needs no listeners: events of all types come anyway. */
  listen(type: string): void {
    this.#connection.listen(this.#types.add(type));
  }

  /** Is fulfilled when nothing more is reported. */
  async close(): Promise<void> {
    this.#connection.close('close');
    this.#over.abort();
    await this.#told;
  }

  #source(url: string, options: FetchOptions): Source {
    const { method = 'GET', body } = this.#params;
    const comment = (text: string): void => this.#report({ kind: 'comment', comment: text });
    const source = new FetchSource(url, { ...options, method, ...(body ? { body } : {}), comment });
    return {
      addEventListener: (type, listener) => {
        source.addEventListener(type, (event) => {
          if (event.type === 'error' && !(event instanceof MessageEvent)) this.#failure = event as Failure;
          listener(event);
        });
        if (this.#delay === undefined) return;
        // The first delay is for servers to say, and this is how they are heard.
        listener(new CustomEvent('retry', { detail: this.#delay }));
        this.#delay = undefined;
      },
      close: () => source.close(),
    };
  }

  #event({ type, data, lastEventId }: StreamEvent): void {
    this.#report({ kind: 'event', event: { type, data, id: lastEventId } });
  }

  /** A stream that was open and ends is no error, only the occasion to come back; the transport does not tell whether
   *  it ended in good order. */
  #state({ state, reason }: StateChange): void {
    const { readTimeoutMs = 0 } = this.#params;
    if (state === 'open' && readTimeoutMs > 0) this.#connection.expect(readTimeoutMs);
    if (reason === 'silent') this.#report({ kind: 'error', error: `no byte within ${readTimeoutMs} ms` });
    if (reason !== 'refused') return;
    const status = this.#failure?.status;
    this.#report({ kind: 'error', error: status ? `answered with status ${status}, or not with a stream` : 'the request failed' });
  }

  /** Tells the judge, one thing after the other. */
  #report(message: Message): void {
    const { signal } = this.#over;
    if (signal.aborted) return;
    const url = `${this.#callback}/${++this.#sent}`;
    const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(message), signal };
    this.#told = this.#told.then(async () => {
      try {
        await (await fetch(url, request)).arrayBuffer();
      } catch {
        // The judge finds that it is missing.
      }
    });
  }
}
