import assert from 'node:assert/strict';
import { defaultBackoff } from '../../src/backoff.js';
import type { EventSourceElement } from '../../src/index.js';
import { eventually, scene, streams, until, type Stage } from './harness.js';
import type { Answer } from './stream-server.js';

/** Whether the recorded events are the whole log, once and in order. */
async function assertComplete({ server, recording }: Stage, types: readonly string[]): Promise<void> {
  const want = server.log.filter(({ type }) => types.includes(type)).map(({ id }) => id);
  const ids = async (): Promise<number[]> => (await recording()).events.map(({ lastEventId }) => Number(lastEventId));
  await until('the last event', ids, (got) => got.at(-1) === want.at(-1));
  assert.deepEqual(await ids(), want);
}

for (const { name, events, types } of [
  { name: 'every type', events: 'est', types: ['', 'est'] },
  // The cursor is then older than the place where the browser's own would be.
  { name: 'one type of several', events: 'est no-message', types: ['est'] },
]) {
  scene(`a stream that is cut again and again loses nothing and repeats nothing, listening to ${name}`, async (stage) => {
    const { server, load, recording } = stage;
    await load(`<event-source src="/stream" events="${events}"></event-source>`);
    await streams(server, 1);
    server.emit('first', 'est');
    await until('the first event', recording, (seen) => seen.events.length === 1);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) server.emit(`${round}`, i % 2 === 0 ? 'est' : '');
      server.emit('ignored', 'other');
      assert.equal(await server.cut(), 1, 'a stream was cut');
      for (let i = 0; i < 5; i++) server.emit(`${round} while cut`, i % 2 === 0 ? 'est' : '');
      await streams(server, 1);
    }
    server.emit('last', 'est');
    await assertComplete(stage, types);
    assert.equal(server.requests.length, 4);
    assert.equal(server.maxOpen, 1);
    for (const { headers } of server.requests) assert.equal(headers['last-event-id'], undefined);
    assert.ok(server.requests.slice(1).every(({ query }) => query.getAll('last_event_id').length === 1));
  });
}

const faults: readonly { readonly name: string; readonly answer: Answer }[] = [
  { name: '503', answer: { kind: 'status', status: 503 } },
  { name: '429', answer: { kind: 'status', status: 429 } },
  { name: '204', answer: { kind: 'status', status: 204 } },
  { name: '404', answer: { kind: 'status', status: 404 } },
  { name: 'a wrong type', answer: { kind: 'type', contentType: 'text/html' } },
];

for (const { name, answer } of faults) {
  scene(`${name} on the first attempt, then recovery`, async ({ server, load, data, recording }) => {
    server.answer = answer;
    await load('<event-source src="/stream"></event-source>');
    const { states } = await until('two failures', recording, (seen) => seen.states.some(({ attempt }) => attempt === 2));
    assert.deepEqual(states.slice(0, 2).map(({ state, reason }) => [state, reason]), [['connecting', 'start'], ['retrying', 'refused']]);
    server.answer = { kind: 'stream' };
    await streams(server, 1);
    server.emit('back');
    await eventually('the events', data, ['back']);
  });

  scene(`${name} after an open stream, then recovery`, async (stage) => {
    const { server, load, recording } = stage;
    await load('<event-source src="/stream"></event-source>');
    await streams(server, 1);
    server.emit('before');
    await until('the event', recording, ({ events }) => events.length === 1);
    server.answer = answer;
    assert.equal(await server.cut(), 1);
    server.emit('meanwhile');
    await until('a refusal', recording, ({ states }) => states.some(({ reason }) => reason === 'refused'));
    server.answer = { kind: 'stream' };
    await streams(server, 1);
    server.emit('after');
    await assertComplete(stage, ['']);
  });
}

scene('a server that is down for a while', async (stage) => {
  const { server, load, recording } = stage;
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.emit('before');
  await until('the event', recording, ({ events }) => events.length === 1);
  await server.down();
  await until('two failures', recording, ({ states }) => states.some(({ attempt }) => attempt === 2));
  server.emit('meanwhile');
  await server.up();
  await streams(server, 1);
  server.emit('after');
  await assertComplete(stage, ['']);
  for (const { nextRetryMs } of (await recording()).states) {
    if (nextRetryMs === null || nextRetryMs === 0) continue;
    assert.ok(nextRetryMs >= defaultBackoff.floor && nextRetryMs <= defaultBackoff.cap, `waited ${nextRetryMs} ms`);
  }
});

scene('a server that is down at first', async ({ server, page, load, data, recording }) => {
  await load('');
  await server.down();
  await page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<event-source src="/stream"></event-source>');
  });
  await until('a refusal', recording, ({ states }) => states.some(({ reason }) => reason === 'refused'));
  await server.up();
  await streams(server, 1);
  server.emit('up');
  await eventually('the events', data, ['up']);
});

/** Lets attempts fail until the next one is some seconds off, and returns that wait. */
async function longWait({ recording }: Stage): Promise<number> {
  const isLong = (ms: number | null | undefined): boolean => typeof ms === 'number' && ms > 1_500;
  const { states } = await until('a long wait', recording, (seen) => isLong(seen.states.at(-1)?.nextRetryMs));
  return states.at(-1)?.nextRetryMs ?? 0;
}

scene('the network comes back: no wait is sat out', async (stage) => {
  const { server, page, context, load, recording } = stage;
  // The longest wait of each range, so that the test need not be lucky.
  await page.addInitScript(() => {
    Math.random = () => 0.999;
  });
  await load('<event-source src="/stream" share="none"></event-source>');
  await streams(server, 1);
  await context.setOffline(true);
  assert.equal(await server.cut(), 1);
  const wait = await longWait(stage);
  const before = Date.now();
  await context.setOffline(false);
  await streams(server, 1);
  assert.ok(Date.now() - before < wait, 'the stream opened within the wait');
  const { states } = await until('the open stream', recording, (seen) => seen.states.at(-1)?.state === 'open');
  assert.equal(states.at(-2)?.reason, 'online');
});

scene('the page comes into sight: no wait is sat out', async (stage) => {
  const { server, page, load } = stage;
  await page.addInitScript(() => {
    Math.random = () => 0.999;
  });
  server.answer = { kind: 'status', status: 503 };
  await load('<event-source src="/stream" share="none"></event-source>');
  await longWait(stage);
  /** Returns the reason of the state that the change of sight has at once led to. */
  const turn = (visibilityState: string): Promise<string | undefined> =>
    page.evaluate(async (value) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
      await Promise.resolve();
      return window.recording.states.at(-1)?.reason;
    }, visibilityState);
  const attempts = server.requests.length;
  assert.equal(await turn('hidden'), 'refused');
  server.answer = { kind: 'stream' };
  assert.equal(await turn('visible'), 'visible');
  await streams(server, 1);
  assert.equal(server.requests.length, attempts + 1);
});

scene('the network comes back: files that could not be loaded are not waited for either', async (stage) => {
  const { server, page, context, load } = stage;
  await page.addInitScript(() => {
    Math.random = () => 0.999;
  });
  for (const file of ['/tidings-worker.js', '/tidings-host.js']) server.missing.add(file);
  await load('<event-source src="/stream"></event-source>');
  const wait = await longWait(stage);
  server.missing.clear();
  await context.setOffline(true);
  const before = Date.now();
  await context.setOffline(false);
  await streams(server, 1);
  assert.ok(Date.now() - before < wait, 'the stream opened within the wait');
});

scene('a state event finds the error that it tells, and none when it is over', async ({ server, page, load, state }) => {
  await load('<event-source src="/stream"></event-source>');
  await until('the stream', state, (now) => now === 'open');
  await page.evaluate(() => {
    const seen: unknown[] = [];
    Object.assign(window, { seen });
    document.addEventListener('sse:state', ({ target, detail }) => seen.push([detail.reason, (target as EventSourceElement).error]));
  });
  assert.equal(await server.cut(), 1);
  await eventually('what was seen', () => page.evaluate(() => (window as unknown as { seen: unknown[] }).seen), [['lost', 'lost'], ['timer', 'lost'], ['connected', null]]);
});

scene('the cursor takes the place of one in src', async ({ server, page, load, data }) => {
  server.emit('old');
  server.emit('missed');
  await load('<event-source src="/stream?lastEventID=0&last_event_id=1&topic=a"></event-source>');
  await eventually('the events', data, ['missed']);
  assert.equal(await server.cut(), 1);
  server.emit('new');
  await eventually('the events', data, ['missed', 'new']);
  assert.equal(server.requests[1]?.query.toString(), 'topic=a&last_event_id=2');
  assert.equal(
    await page.evaluate(() => document.querySelector('event-source')!.url),
    `${server.origin}/stream?lastEventID=0&last_event_id=1&topic=a`,
  );
});

scene('last-event-id starts the first connection', async ({ server, page, load, data }) => {
  server.emit('known');
  server.emit('missed');
  await load('<event-source src="/stream" last-event-id="1"></event-source>');
  await eventually('the events', data, ['missed']);
  assert.equal(await page.evaluate(() => document.querySelector('event-source')!.lastEventId), '2');
});

scene('an empty id clears the cursor', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.emit('a');
  server.write('id:\ndata: cleared\n\n');
  await eventually('the events', data, ['a', 'cleared']);
  assert.equal(await page.evaluate(() => document.querySelector('event-source')!.lastEventId), '');
  assert.equal(await server.cut(), 1);
  await until('the next request', () => server.requests.length, (count) => count === 2);
  assert.equal(server.requests[1]?.query.has('last_event_id'), false);
});

scene('close, open, reconnect and paused', async (stage) => {
  const { server, page, load, state } = stage;
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.emit('one');
  await until('the event', stage.data, (data) => data.length === 1);

  await page.evaluate(() => document.querySelector('event-source')!.close());
  assert.equal(await state(), 'closed');
  await streams(server, 0);
  server.emit('while closed');

  await page.evaluate(() => document.querySelector('event-source')!.open());
  await streams(server, 1);
  await until('what was missed', stage.data, (data) => data.length === 2);

  const after = await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    element.reconnect();
    return element.state;
  });
  assert.equal(after, 'connecting');
  await until('the open stream', state, (now) => now === 'open');
  await streams(server, 1);
  assert.equal(server.requests.length, 3);
  assert.equal(server.requests[2]?.query.get('last_event_id'), '2');

  await page.evaluate(() => {
    document.querySelector('event-source')!.paused = true;
  });
  await streams(server, 0);
  server.emit('while paused');
  await page.evaluate(() => document.querySelector('event-source')!.open());
  assert.equal(await state(), 'closed', 'open does not override paused');
  await page.evaluate(() => document.querySelector('event-source')!.removeAttribute('paused'));
  await streams(server, 1);
  await assertComplete(stage, ['']);
  assert.equal(server.requests.length, 4);
});
