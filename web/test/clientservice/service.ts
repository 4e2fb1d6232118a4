import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Stream, type Params } from './stream.js';

/** What the judge may ask for. */
const capabilities = [
  'bom', 'comments', 'event-type-listeners', 'headers', 'last-event-id', 'post', 'read-timeout', 'report', 'restart',
  'server-directed-shutdown-request',
];

/** A request that cannot be done: the status and why. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Command {
  readonly command?: unknown;
  readonly listen?: { readonly type?: unknown };
}

/** Opens streams for a judge. `stop` is called when the judge has been told that it ends. */
export function service(stop: () => void): Server {
  const streams = new Map<string, Stream>();
  let opened = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url = '/' } = request;
    if (url === '/') {
      if (method === 'GET') {
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ name: 'tidings fetch transport', capabilities }));
      } else if (method === 'POST') {
        const stream = new Stream((await json(request)) as Params);
        const path = `/streams/${++opened}`;
        streams.set(path, stream);
        response.writeHead(201, { Location: path }).end();
      } else if (method === 'DELETE') {
        response.on('finish', stop);
        response.writeHead(204).end();
      } else {
        throw new Refusal(405, 'no such method');
      }
      return;
    }
    const stream = streams.get(url);
    if (!stream) throw new Refusal(404, 'no such stream');
    if (method === 'POST') {
      const { command, listen } = (await json(request)) as Command;
      if (command === 'restart') stream.restart();
      else if (command === 'listen') stream.listen(String(listen?.type));
      else throw new Refusal(400, 'no such command');
    } else if (method === 'DELETE') {
      streams.delete(url);
      await stream.close();
    } else {
      throw new Refusal(405, 'no such method');
    }
    response.writeHead(204).end();
  };

  return createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      response.writeHead(error instanceof Refusal ? error.status : 400).end(error.message);
    });
  });
}

async function json(request: IncomingMessage): Promise<object> {
  const value: unknown = JSON.parse(await text(request));
  if (typeof value !== 'object' || value === null) throw new Error('no JSON object');
  return value;
}
