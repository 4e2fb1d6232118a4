import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { TestHub } from '../hub.js';
import { cwd } from 'node:process';

/** An event as the server's log keeps it. */
export interface Logged {
  readonly id: number;
  readonly type: string;
  readonly data: string;
}

/** A request for the stream. */
export interface StreamRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** How the server answers requests for the stream. */
export type Answer =
  | { readonly kind: 'stream' }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'type'; readonly contentType: string };

/**
 * A web server for one test: it serves the page, the built component, and under `/stream` a stream whose events it
 * numbers from 1, keeps, and replays after the cursor that a request brings. It can fail in the ways that servers do.
 */
export class StreamServer {
  /** What `/` and every other page serve as their body. */
  body = '';
  answer: Answer = { kind: 'stream' };
  /** `/later.js` is an empty script that comes when this is fulfilled, and holds up a parser until then. */
  later: Promise<void> = Promise.resolve();
  /** What is asked for under `/hub` is answered by it. */
  readonly hub: TestHub = new TestHub();
  readonly requests: StreamRequest[] = [];
  /** The scripts that were asked for, and those that are not to be had. */
  readonly scripts: string[] = [];
  readonly missing: Set<string> = new Set();
  readonly log: Logged[] = [];
  /** Streams that were open at the same time, at most. */
  maxOpen = 0;
  #server: Server = createServer();
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<ServerResponse>();

  static async start(): Promise<StreamServer> {
    const server = new StreamServer();
    await server.up();
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Streams that are open now. */
  get open(): number {
    return this.#streams.size;
  }

  /** Listens; after `down` on the same port again. */
  async up(): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.hub.beat();
  }

  /** Stops listening and cuts every connection. */
  async down(): Promise<void> {
    this.hub.rest();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.cut();
    await closed;
  }

  /** Destroys every socket, streams in mid-air included, and what was not sent yet with them. Returns how many streams
   *  that cut, when they are gone. */
  async cut(): Promise<number> {
    const streams = [...this.#streams];
    const gone = streams.map((stream) => new Promise((resolve) => stream.once('close', resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(gone);
    return streams.length;
  }

  /** Numbers an event, keeps it and sends it to every open stream. */
  emit(data: string, type = ''): Logged {
    const event = { id: this.log.length + 1, type, data };
    this.log.push(event);
    this.write(frame(event));
    return event;
  }

  /** Sends raw text to every open stream. */
  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    if (url.pathname === '/hub') {
      this.hub.subscribe(url.searchParams, request, response);
    } else if (url.pathname.startsWith('/stream')) {
      this.#serveStream(url, request, response);
    } else if (url.pathname === '/later.js') {
      await this.later;
      response.end();
    } else if (this.missing.has(url.pathname)) {
      response.writeHead(503).end();
    } else if (url.pathname.endsWith('.js')) {
      this.scripts.push(url.pathname);
      response.setHeader('Content-Type', 'text/javascript');
      response.end(await readFile(join(cwd(), 'dist', url.pathname)));
    } else if (url.pathname === '/favicon.ico') {
      response.writeHead(204).end();
    } else {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Set-Cookie', 'who=tester; Path=/; SameSite=Lax');
      response.end(`<!doctype html><title>test</title><body>${this.body}`);
    }
  }

  #serveStream(url: URL, request: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ path: url.pathname, query: url.searchParams, headers: request.headers });
    if (request.headers.origin) {
      response.setHeader('Access-Control-Allow-Origin', request.headers.origin);
      response.setHeader('Access-Control-Allow-Credentials', 'true');
    }
    if (this.answer.kind === 'status') {
      response.writeHead(this.answer.status).end();
      return;
    }
    if (this.answer.kind === 'type') {
      response.setHeader('Content-Type', this.answer.contentType);
      response.end('data: not an event stream\n\n');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    this.#streams.add(response);
    this.maxOpen = Math.max(this.maxOpen, this.open);
    response.on('close', () => this.#streams.delete(response));
    const cursor = request.headers['last-event-id'] ?? url.searchParams.get('last_event_id');
    if (typeof cursor === 'string') {
      for (const event of this.log.slice(Number(cursor))) response.write(frame(event));
    }
  }
}

function frame({ id, type, data }: Logged): string {
  return `id: ${id}\n${type === '' ? '' : `event: ${type}\n`}data: ${data}\n\n`;
}
