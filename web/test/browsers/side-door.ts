import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Page {
  /** The request of a page that waits for something to do. */
  idle?: ServerResponse | undefined;
  onIdle?: ((response: ServerResponse) => void) | undefined;
  onResult?: ((result: string) => void) | undefined;
}

/** A way to pages without a driver: each asks here what it is to evaluate, and says with its next request what that gave. */
export class SideDoor {
  readonly #pages = new Map<string, Page>();
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<SideDoor> {
    const door = new SideDoor();
    door.#server.listen(0, '127.0.0.1');
    await once(door.#server, 'listening');
    return door;
  }

  /** What a page has to evaluate to be reached here, under a name. */
  opener(name: string): string {
    const { port } = this.#server.address() as AddressInfo;
    const url = JSON.stringify(`http://127.0.0.1:${port}/${encodeURIComponent(name)}`);
    return `void (async (body) => {
      for (;;) {
        const response = await fetch(${url}, { method: 'POST', body });
        const value = await (0, eval)(await response.text());
        body = JSON.stringify({ value });
      }
    })('')`;
  }

  async run(name: string, expression: string): Promise<unknown> {
    const page = this.#page(name);
    const response = page.idle ?? (await new Promise<ServerResponse>((resolve) => (page.onIdle = resolve)));
    page.idle = page.onIdle = undefined;
    const result = new Promise<string>((resolve) => (page.onResult = resolve));
    response.end(expression);
    return (JSON.parse(await result) as { value?: unknown }).value;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #page(name: string): Page {
    let page = this.#pages.get(name);
    if (!page) this.#pages.set(name, (page = {}));
    return page;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
    const page = this.#page(decodeURIComponent((request.url ?? '/').slice(1)));
    response.setHeader('Access-Control-Allow-Origin', '*');
    page.idle = response;
    if (body !== '') page.onResult?.(body);
    page.onIdle?.(response);
  }
}
