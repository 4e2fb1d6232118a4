import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { bytesOf, cut, type Vector } from './vectors.js';

/** How a vector is sent: in one piece, or byte by byte, as far as the network keeps bytes apart that are sent one after
 *  the other. */
export type Cut = 'whole' | 'bytes';

/** The reconnection time that stands where a vector has a connection before its own. */
export const firstRetry = 1;

/** What a client's requests for one stream have said. */
export interface Seen {
  /** The Last-Event-ID of each, in order; undefined where there was none. */
  readonly cursors: (string | undefined)[];
  /** How long after the end of the vector the next request came, in milliseconds. */
  pause: number | undefined;
}

/**
 * Serves every vector as a real stream, under its index: `/whole/7` in one piece, `/bytes/7` byte by byte. A vector that
 * begins with a last event ID has a connection before its own, which leaves that ID. Behind the vector comes 204, with
 * which clients stop.
 */
export class Fixtures {
  readonly #vectors: readonly Vector[];
  readonly #server: Server;
  readonly #seen = new Map<string, Seen>();
  readonly #ended = new Map<string, number>();

  private constructor(vectors: readonly Vector[]) {
    this.#vectors = vectors;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(vectors: readonly Vector[]): Promise<Fixtures> {
    const fixtures = new Fixtures(vectors);
    await new Promise<void>((resolve) => fixtures.#server.listen(0, '127.0.0.1', resolve));
    return fixtures;
  }

  /** A page without anything, of the same origin as the streams. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  seen(path: string): Seen {
    let seen = this.#seen.get(path);
    if (!seen) this.#seen.set(path, (seen = { cursors: [], pause: undefined }));
    return seen;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve({ url = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, how, index] = url.split('/');
    const vector = this.#vectors[Number(index || NaN)];
    if (!vector) {
      response.writeHead(url === '/' ? 200 : 404, { 'Content-Type': 'text/html' }).end('<!doctype html><title>vectors</title>');
      return;
    }
    const { cursors } = this.seen(url);
    const cursor = headers['last-event-id'];
    cursors.push(cursor === undefined ? undefined : Buffer.from(String(cursor), 'latin1').toString('utf8'));
    const { initial_last_event_id: initial = '' } = vector;
    const turn = cursors.length - (initial === '' ? 0 : 1);
    const ended = this.#ended.get(url);
    if (ended !== undefined) {
      this.seen(url).pause ??= Date.now() - ended;
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    if (turn === 0) {
      // Not all browsers take an id from a block without data, so there is some.
      response.end(`retry: ${firstRetry}\nid: ${initial}\ndata: initial\n\n`);
      return;
    }
    const bytes = bytesOf(vector);
    const pieces = how === 'bytes' ? cut(bytes, () => (bytes.length < 1_000 ? 1 : 97)) : [bytes];
    let pause = 64; // longest within a byte order mark, which some browsers find only in one piece
    for (const piece of pieces) {
      response.write(piece);
      await setTimeout((pause = Math.max(pause / 2, 1)));
    }
    this.#ended.set(url, Date.now());
    response.end();
  }
}
