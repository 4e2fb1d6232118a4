import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FetchSource, type Failure, type FetchOptions } from '../../src/fetch-source.js';

interface Seen {
  readonly events: string[];
  readonly request: IncomingMessage;
  readonly failure: Failure;
}

/** Reads a stream from a server that answers so, until it ends. */
async function read(answer: (response: ServerResponse) => void, options: Partial<FetchOptions> = {}): Promise<Seen> {
  let request: IncomingMessage | undefined;
  const server = createServer((asked, response) => {
    request = asked;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const events: string[] = [];
  try {
    const { port } = server.address() as AddressInfo;
    const failure = await new Promise<Failure>((resolve) => {
      const source = new FetchSource(`http://127.0.0.1:${port}/`, { withCredentials: false, headers: async () => ({}), lastEventId: '', ...options });
      source.addEventListener('any', (event) => {
        if (event instanceof MessageEvent) events.push(`${event.type} ${event.lastEventId} ${event.data} ${new URL(event.origin).port === String(port)}`);
        else if (event.type === 'error') resolve(event as Failure);
        else if (event instanceof CustomEvent) events.push(`${event.type} ${event.detail}`);
        else if (event.type !== 'alive') events.push(event.type);
      });
    });
    assert.ok(request);
    return { events, request, failure };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const stream = (text: string) => (response: ServerResponse): void => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text);
};

test('a stream, its request and its end', async () => {
  const { events, request, failure } = await read(stream(': hi\nretry: 70\nid: 1\nevent: est\ndata: a\n\ndata: b\n\ndata: cut off'), {
    headers: async () => ({ Authorization: 'Bearer x' }),
    lastEventId: 'ü…',
  });
  assert.deepEqual(events, ['open', 'retry 70', 'est 1 a true', 'message 1 b true']);
  assert.equal(request.headers.accept, 'text/event-stream');
  assert.equal(request.headers['cache-control'], 'no-cache');
  assert.equal(request.headers.authorization, 'Bearer x');
  assert.equal(Buffer.from(String(request.headers['last-event-id']), 'latin1').toString('utf8'), 'ü…');
  assert.equal(failure.status, 0);
});

test('an id in a block without data is told where it is another', async () => {
  const { events } = await read(stream(':\n\nid: 7\n\nid: 7\n\nid: 8\ndata: a\n\nid: 8\n\nid\n\nid: 9\n'), { lastEventId: '6' });
  assert.deepEqual(events, ['open', 'id 7', 'message 8 a true', 'id ']);
});

test('a cursor that was brought is the id of events without one', async () => {
  const { events } = await read(stream('data: a\n\n'), { lastEventId: '7' });
  assert.deepEqual(events, ['open', 'message 7 a true']);
});

for (const status of [204, 400, 401, 404, 429, 500, 503]) {
  test(`${status} is told, with what the server says of a retry`, async () => {
    const { events, failure } = await read((response) => response.writeHead(status, { 'Retry-After': '9' }).end());
    assert.deepEqual([events, failure.status, failure.retryAfter], [[], status, '9']);
  });
}

for (const [kind, good] of [
  ['text/event-stream; charset=utf-8', true],
  ['Text/Event-Stream;x', true],
  ['text/event-streams', false],
  ['text/plain', false],
] as const) {
  test(`content type ${kind}`, async () => {
    const { events } = await read((response) => response.writeHead(200, { 'Content-Type': kind }).end('data: x\n\n'));
    assert.equal(events.length > 0, good);
  });
}

test('what grows too large ends the stream', async () => {
  const { events, failure } = await read(stream(`data: ok\n\ndata: ${'x'.repeat(2 ** 24)}\n\n`));
  assert.deepEqual(events, ['open', 'message  ok true']);
  assert.equal(failure.status, 0);
});

test('headers that cannot be had are a failure like others', async () => {
  const source = new FetchSource('http://127.0.0.1:1/', { withCredentials: false, headers: () => Promise.reject(new Error('no token')), lastEventId: '' });
  const event = await new Promise<Event>((resolve) => source.addEventListener('any', resolve));
  assert.equal(event.type, 'error');
});

test('nothing comes after close', async () => {
  const seen: Event[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: x\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closed = new Promise<void>((resolve) => server.on('connection', (socket) => socket.on('close', () => resolve())));
  const source = new FetchSource(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { withCredentials: false, headers: async () => ({}), lastEventId: '' });
  await new Promise<void>((resolve) => source.addEventListener('any', (event) => {
    if (event instanceof MessageEvent) {
      source.close();
      source.addEventListener('any', (late) => seen.push(late));
      resolve();
    }
  }));
  await closed;
  server.close();
  assert.deepEqual(seen, []);
});
