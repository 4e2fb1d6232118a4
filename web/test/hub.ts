import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** An update as the hub's log keeps it. */
export interface Update {
  readonly offset: number;
  readonly topics: readonly string[];
  readonly data: string;
  readonly type: string;
  /** As its publisher named it, or the hub's position. */
  readonly id: string;
}

interface Subscriber {
  readonly response: ServerResponse;
  readonly topics: ReadonlySet<string>;
  readonly signals: boolean;
  readonly envelope: boolean;
}

export interface HubOptions {
  /** Milliseconds between pings. */
  readonly heartbeat?: number;
  /** Matchers on one stream at most. */
  readonly matchers?: number;
  /** Whether `envelope=1` is honoured. */
  readonly envelope?: boolean;
}

/**
 * A hub for tests, with the wire format of the real one: topics, cursors, signals and envelopes. It keeps everything in
 * memory and can fail in the ways that servers do.
 */
export class TestHub {
  readonly log: Update[] = [];
  /** The query of each request for a stream. */
  readonly requests: { readonly query: URLSearchParams; readonly authorization: string | undefined; readonly cursor: string | undefined }[] = [];
  /** Streams that were open at the same time, at most; and attempts that found the server busy with another status. */
  maxOpen = 0;
  epoch = 'e1';
  /** Cursors below this offset are gaps. */
  floor = 0;
  /** A status to answer with; 0 for streams. */
  status = 0;
  /** No more pings. */
  quiet = false;
  /** Milliseconds before the head of an answer is sent. */
  headDelay = 0;
  /** Answers that are no stream, by path. */
  serve: (url: URL, response: ServerResponse) => void | Promise<void> = (_url, response) => void response.writeHead(404).end();
  readonly #options: Required<HubOptions>;
  readonly #subscribers = new Set<Subscriber>();
  readonly #sockets = new Set<Socket>();
  #server: Server = createServer();
  #port = 0;
  #pinger: ReturnType<typeof setInterval> | undefined;

  constructor(options: HubOptions = {}) {
    this.#options = { heartbeat: 1_000, matchers: 100, envelope: true, ...options };
  }

  static async start(options?: HubOptions): Promise<TestHub> {
    const hub = new TestHub(options);
    await hub.up();
    return hub;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get open(): number {
    return this.#subscribers.size;
  }

  async up(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.beat();
  }

  async down(): Promise<void> {
    this.rest();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Begins to ping, and ends. */
  beat(): void {
    this.#pinger = setInterval(() => this.quiet || this.ping(), this.#options.heartbeat);
  }

  rest(): void {
    clearInterval(this.#pinger);
  }

  /** Destroys the sockets of all streams; returns how many there were. */
  async cut(): Promise<number> {
    const streams = [...this.#subscribers];
    const gone = streams.map(({ response }) => new Promise((resolve) => response.once('close', resolve)));
    for (const { response } of streams) response.socket?.destroy();
    await Promise.all(gone);
    return streams.length;
  }

  /** Says goodbye to all and ends their streams. */
  bye(retry: number): void {
    this.signal('bye', { reason: 'shutdown', retry });
    for (const { response } of this.#subscribers) response.end();
  }

  publish(topics: string | readonly string[], data: string, { type = '', id = '' } = {}): Update {
    const offset = this.log.length + 1;
    const update = { offset, topics: [topics].flat(), data, type, id: id || this.position(offset) };
    this.log.push(update);
    for (const subscriber of this.#subscribers) this.#send(subscriber, update);
    return update;
  }

  ping(): void {
    this.signal('ping', {}, this.position(this.log.length));
  }

  /** Sends a signal to all who asked for signals. */
  signal(name: string, data: unknown, id = ''): void {
    for (const { response, signals } of this.#subscribers) {
      if (signals) response.write(`event: tidings.${name}\n${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    }
  }

  position(offset: number): string {
    return `#${this.epoch}.${offset}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    if (url.pathname === '/hub') this.subscribe(url.searchParams, request, response);
    else await this.serve(url, response);
  }

  /** Answers a request for a stream. */
  subscribe(query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const header = request.headers['last-event-id'];
    const cursor = typeof header === 'string' ? Buffer.from(header, 'latin1').toString('utf8') : query.get('last_event_id') ?? undefined;
    this.requests.push({ query, authorization: request.headers.authorization, cursor });
    if (this.status > 0) {
      response.writeHead(this.status).end();
      return;
    }
    const topics = new Set([...query.getAll('topic'), ...query.getAll('match')]);
    if (topics.size === 0 || topics.size > this.#options.matchers) {
      response.writeHead(400).end();
      return;
    }
    const begin = (): void => {
      if (response.destroyed) return;
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      const subscriber = { response, topics, signals: query.get('signals') === '1', envelope: this.#options.envelope && query.get('envelope') === '1' };
      this.#subscribers.add(subscriber);
      this.maxOpen = Math.max(this.maxOpen, this.open);
      response.on('close', () => this.#subscribers.delete(subscriber));
      this.#greet(subscriber, cursor);
    };
    if (this.headDelay > 0) setTimeout(begin, this.headDelay);
    else begin();
  }

  #greet(subscriber: Subscriber, cursor: string | undefined): void {
    const { response, signals } = subscriber;
    const found = this.#find(cursor);
    const after = found ?? Math.max(this.floor, this.log.length - 1_000);
    const verdict = cursor === undefined ? 'fresh' : found === undefined ? 'gap' : 'resumed';
    const { heartbeat, matchers } = this.#options;
    if (signals) {
      const position = this.position(after);
      const hello = { subscriber: 's', epoch: this.epoch, position, verdict, heartbeat, limits: { matchers, matcherBytes: 4096 } };
      response.write(`event: tidings.hello\n${verdict === 'gap' ? '' : `id: ${position}\n`}data: ${JSON.stringify(hello)}\n\n`);
      if (verdict === 'gap') {
        const why = cursor?.startsWith('#') && !cursor.startsWith(`#${this.epoch}.`) ? 'lineage' : 'retention';
        response.write(`event: tidings.gap\nid: ${position}\ndata: ${JSON.stringify({ from: cursor, to: position, why })}\n\n`);
      }
    } else {
      response.flushHeaders();
    }
    for (const update of this.log.slice(after)) this.#send(subscriber, update);
  }

  /** The offset that a cursor stands for; undefined if it cannot be honoured. */
  #find(cursor: string | undefined): number | undefined {
    if (cursor === undefined) return this.log.length;
    let offset: number | undefined;
    if (cursor.startsWith(`#${this.epoch}.`)) offset = Number(cursor.slice(cursor.lastIndexOf('.') + 1));
    else offset = this.log.find(({ id }) => id === cursor)?.offset;
    return offset !== undefined && offset >= this.floor && offset <= this.log.length ? offset : undefined;
  }

  #send({ response, topics, envelope }: Subscriber, update: Update): void {
    if (!topics.has('*') && !update.topics.some((topic) => topics.has(topic))) return;
    const { id, type, data, offset } = update;
    if (envelope) {
      const body = JSON.stringify({ offset, topics: update.topics, ...(type && { type }), data });
      response.write(`event: tidings.update\nid: ${id}\ndata: ${body}\n\n`);
    } else {
      response.write(`id: ${id}\n${type && `event: ${type}\n`}${data.split('\n').map((line) => `data: ${line}\n`).join('')}\n`);
    }
  }
}
