import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { cwd } from 'node:process';
import { TestHub } from '../../hub.js';

/** What a page starts from. */
export interface Start {
  readonly builds: Record<string, string>;
  readonly cursor: string;
  readonly token?: boolean;
}

const kinds: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html; charset=utf-8' };

/** An application as the usage pages have it: builds, of which it renders pages and publishes changes. */
export class Application {
  /** The hub, which the application has at `/.well-known/mercure`. */
  readonly hub: TestHub = new TestHub();
  /** What requests for the stream bring. */
  readonly cookies: (string | undefined)[] = [];
  /** How often the page asked for all builds, and for a token. */
  builds = 0;
  tokens = 0;
  /** The application's pages, by path; anything else is a file. */
  pages: Record<string, () => string | Promise<string>> = {};
  /** Scripts by path, beside those in folders. */
  readonly assets: Record<string, Buffer> = {};
  /** A change as its event says it. */
  event: (name: string, status: string) => string = (name, status) => JSON.stringify({ name, status });
  readonly #state: Record<string, string> = {};
  readonly #folders: readonly string[];

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Serves the files of these folders too, the first that has one. */
  static async start(...folders: string[]): Promise<Application> {
    const application = new Application([...folders, join(cwd(), 'dist')]);
    application.hub.serve = (url, response) => application.#answer(url, response.req, response);
    await application.hub.up();
    return application;
  }

  get origin(): string {
    return this.hub.origin;
  }

  /** What to show now, and where to go on from. */
  get now(): Start {
    return { builds: { ...this.#state }, cursor: this.hub.position(this.hub.log.length) };
  }

  /** What to show, as text. */
  get shown(): string[] {
    return Object.entries(this.#state).map(([name, status]) => `${name} ${status}`);
  }

  /** A build changes: the application stores and publishes it. */
  build(name: string, status: string): void {
    this.#state[name] = status;
    this.hub.publish('builds', this.event(name, status));
  }

  /** What all streams bring back later is too little. */
  async lose(work: () => void): Promise<void> {
    this.hub.status = 503;
    await this.hub.cut();
    work();
    this.hub.floor = this.hub.log.length;
    this.hub.status = 0;
  }

  async #answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = this.pages[url.pathname];
    if (url.pathname === '/.well-known/mercure') {
      this.cookies.push(request.headers.cookie);
      this.hub.subscribe(url.searchParams, request, response);
    } else if (page) {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': 'session=known; Path=/; HttpOnly; SameSite=Lax' });
      response.end(await page());
    } else if (url.pathname === '/builds') {
      this.builds += 1;
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Link', [`</.well-known/mercure>; rel="mercure"; last-event-id="${this.now.cursor}"`, '<builds>; rel="self"']);
      response.end(JSON.stringify(this.now));
    } else if (url.pathname === '/token') {
      response.end(`token-${++this.tokens}`);
    } else if (url.pathname === '/favicon.ico') {
      response.writeHead(204).end();
    } else {
      await this.#file(url.pathname, response);
    }
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    for (const folder of this.#folders) {
      const body = this.assets[path] ?? (await readFile(join(folder, path)).catch(() => undefined));
      if (!body) continue;
      response.writeHead(200, { 'Content-Type': kinds[extname(path)] ?? 'application/octet-stream' }).end(body);
      return;
    }
    response.writeHead(404).end();
  }
}
