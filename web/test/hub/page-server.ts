import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An application: its pages are of another origin than the hub, and it gives its users their cookies. */
export class PageServer {
  /** The cookies to set, with their attributes. */
  cookies: string[] = [];
  /** What its pages hold. */
  body = '';
  /** What they say of themselves. */
  links: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': this.cookies, Link: this.links });
      response.end('<!doctype html><link rel="icon" href="data:,"><title>application</title>' + this.body);
    });
  }

  static async start(): Promise<PageServer> {
    const pages = new PageServer();
    await new Promise<void>((resolve) => pages.#server.listen(0, '127.0.0.1', resolve));
    return pages;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
