import { Parser } from './parser.js';
import type { Source } from './place.js';

/** Headers of one request; made anew for each, so that a token can be renewed. */
export type HeadersOf = () => Promise<Record<string, string>>;

/** What a request needs beyond its address. */
export interface FetchOptions {
  readonly withCredentials: boolean;
  readonly headers: HeadersOf;
  readonly lastEventId: string;
  readonly method?: string;
  readonly body?: BodyInit;
  readonly comment?: (text: string) => void;
}

/** Why a stream ended: `status` 0 is the network, or the end of a stream that was open. */
export interface Failure extends Event {
  readonly status: number;
  /** Seconds or a date, as the server wrote it. */
  readonly retryAfter: string | null;
}

export function failed(status: number, retryAfter: string | null): Failure {
  return Object.assign(new Event('error'), { status, retryAfter });
}

/**
 * One stream over `fetch`, in the shape of an EventSource as far as a Connection needs it. It never reconnects. All
 * that it dispatches goes to the listener that was added last, whatever its type: it need not be told names. Beside
 * the stream's events these are `open`, `error` (a Failure), `retry` (a CustomEvent with the milliseconds), `id` (one
 * with the last event ID, where a block without data has changed it) and `alive` (bytes came).
 */
export class FetchSource implements Source {
  readonly #abort = new AbortController();
  #listener: (event: Event) => void = () => {};

  constructor(url: string, options: FetchOptions) {
    void this.#run(url, options);
  }

  addEventListener(_type: string, listener: (event: Event) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = () => {};
    this.#abort.abort();
  }

  async #run(url: string, { withCredentials, headers, lastEventId, method = 'GET', body, comment }: FetchOptions): Promise<void> {
    const { signal } = this.#abort;
    let failure = failed(0, null);
    try {
      const own: Record<string, string> = { ...(await headers()), Accept: 'text/event-stream' };
      // A header holds bytes: a plain value must not go beyond U+00FF.
      if (lastEventId !== '') own['Last-Event-ID'] = String.fromCharCode(...new TextEncoder().encode(lastEventId));
      const credentials = withCredentials ? 'include' : 'same-origin';
      const response = await fetch(url, { method, body: body ?? null, headers: own, credentials, cache: 'no-store', signal });
      const kind = response.headers.get('Content-Type') ?? '';
      if (response.status !== 200 || !response.body || !/^\s*text\/event-stream\s*(;|$)/i.test(kind)) {
        failure = failed(response.status, response.headers.get('Retry-After'));
        throw failure;
      }
      this.#listener(new Event('open'));
      await this.#read(response.body, new URL(response.url || url).origin, lastEventId, comment);
    } catch {
      // The failure says what can be said.
    }
    if (signal.aborted) return;
    this.#listener(failure);
    this.close();
  }

  async #read(body: ReadableStream<Uint8Array>, origin: string, lastEventId: string, comment: FetchOptions['comment']): Promise<void> {
    const parser = new Parser({
      event: ({ type, ...init }) => this.#listener(new MessageEvent(type, { ...init, origin })),
      retry: (ms) => this.#listener(new CustomEvent('retry', { detail: ms })),
      id: (id) => this.#listener(new CustomEvent('id', { detail: id })),
      comment: (text) => comment?.(text),
    }, lastEventId);
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      this.#listener(new Event('alive'));
      parser.push(decoder.decode(chunk.value, { stream: true }));
    }
  }
}
