import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../src/connection.js';
import { FakeHost, Recorder } from './fakes.js';

const url = 'https://hub.example/s?topic=a';

function connect({ lastEventId = '', types = ['message', 'est'], withCredentials = false } = {}): {
  host: FakeHost;
  seen: Recorder;
  connection: Connection;
} {
  const host = new FakeHost();
  const seen = new Recorder();
  const connection = new Connection({ url, withCredentials, lastEventId, types: new Set(types) }, seen, host);
  return { host, seen, connection };
}

test('nothing happens before open', () => {
  const { host, connection, seen } = connect();
  connection.listen(new Set(['pdt']));
  connection.close('close');
  assert.equal(connection.state, 'idle');
  assert.equal(host.sources.length, 0);
  assert.equal(seen.states.length, 0);
});

test('open connects once, with the credentials asked for', () => {
  const { host, connection, seen } = connect({ withCredentials: true });
  connection.open('start');
  connection.open('start');
  assert.equal(host.sources.length, 1);
  assert.equal(host.source.url, url);
  assert.equal(host.source.withCredentials, true);
  host.source.accept();
  assert.deepEqual(seen.states, [
    { state: 'connecting', attempt: 0, nextRetryMs: null, reason: 'start' },
    { state: 'open', attempt: 0, nextRetryMs: null, reason: 'connected' },
  ]);
});

test('only wanted types are handed on, but each one moves the cursor', () => {
  const { host, connection, seen } = connect({ types: ['est'] });
  connection.open('start');
  host.source.accept();
  host.source.send({ type: 'est', data: 'a', id: '1' });
  host.source.send({ data: 'unnamed', id: '2' });
  host.source.send({ type: 'error', data: 'named like the error event', id: '3' });
  host.source.send({ type: 'open', data: 'named like the open event', id: '4' });
  assert.deepEqual(seen.events, [{ type: 'est', data: 'a', lastEventId: '1', origin: 'https://hub.example' }]);
  assert.equal(connection.lastEventId, '4');
  assert.equal(connection.state, 'open');
});

test("a server's open and error are handed on when asked for, and are no news of the connection", () => {
  const { host, connection, seen } = connect({ types: ['open', 'error'] });
  connection.open('start');
  host.source.send({ type: 'open', data: 'a' });
  host.source.send({ type: 'error', data: 'b' });
  assert.deepEqual(seen.data, ['a', 'b']);
  assert.equal(seen.states.length, 1);
  assert.equal(host.source.listeners('error'), 1);
});

for (const { name, forGood } of [
  { name: 'the browser would retry', forGood: false },
  { name: 'the browser has given up', forGood: true },
]) {
  test(`a lost stream is closed and opened again from the cursor, where ${name}`, () => {
    const { host, connection, seen } = connect();
    connection.open('start');
    const first = host.source;
    first.accept();
    first.send({ data: 'a', id: '7' });
    first.fail(forGood);
    assert.equal(first.readyState, 2);
    assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 1_000, reason: 'lost' });
    host.pass(999);
    assert.equal(host.sources.length, 1);
    host.pass(1);
    assert.equal(host.sources.length, 2);
    assert.equal(host.source.cursor, '7');
    assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 0, reason: 'timer' });
    host.source.accept();
    assert.equal(connection.state, 'open');
  });
}

test('refused attempts wait longer and longer, without end', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  const waits: (number | null)[] = [];
  for (let i = 0; i < 7; i++) {
    host.source.fail(true);
    assert.equal(seen.last?.reason, 'refused');
    assert.equal(seen.last?.attempt, i + 1);
    waits.push(seen.last.nextRetryMs);
    host.pass(30_000);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(host.sources.length, 8);
});

test('waits start over after a stable stream, not after a short one', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  for (const [openFor, wait] of [[1_000, 1_000], [1_000, 2_000], [5_000, 1_000]] as const) {
    host.source.accept();
    host.pass(openFor);
    host.source.fail();
    assert.equal(seen.last?.nextRetryMs, wait);
    host.pass(wait);
  }
});

for (const reason of ['online', 'visible'] as const) {
  test(`${reason} cuts a wait short`, () => {
    const { host, connection, seen } = connect();
    connection.open('start');
    host.source.fail();
    host.page?.wake(reason);
    assert.equal(host.sources.length, 2);
    assert.equal(host.timers, 0);
    assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 0, reason });
  });

  test(`${reason} leaves an attempt and an open stream alone`, () => {
    const { host, connection } = connect();
    connection.open('start');
    host.page?.wake(reason);
    host.source.accept();
    host.page?.wake(reason);
    assert.equal(host.sources.length, 1);
    assert.equal(connection.state, 'open');
  });
}

test('close ends the stream, the wait and the watch on the page; open goes on from the cursor', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  host.source.accept();
  host.source.send({ id: '3' });
  host.source.fail();
  connection.close('removed');
  connection.close('removed');
  assert.deepEqual(seen.last, { state: 'closed', attempt: 1, nextRetryMs: null, reason: 'removed' });
  assert.equal(seen.states.length, 4);
  assert.equal(host.timers, 0);
  assert.equal(host.page, undefined);
  connection.open('start');
  assert.equal(host.source.cursor, '3');
  assert.equal(seen.last?.attempt, 0);
});

test('nothing comes from a stream after its close', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  const source = host.source;
  source.accept();
  connection.close('close');
  source.dispatchEvent(new MessageEvent('message', { data: 'late', lastEventId: '9' }));
  source.dispatchEvent(new Event('error'));
  assert.deepEqual(seen.events, []);
  assert.equal(connection.lastEventId, '');
  assert.equal(connection.state, 'closed');
  assert.equal(host.timers, 0);
});

test('reconnect replaces an open stream and a wait at once', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  host.source.send({ id: '3' });
  connection.reconnect('reconnect');
  assert.equal(host.source.cursor, '3');
  host.source.fail();
  connection.reconnect('reconnect');
  assert.equal(host.sources.length, 3);
  assert.equal(host.timers, 0);
  assert.deepEqual(seen.last, { state: 'connecting', attempt: 0, nextRetryMs: null, reason: 'reconnect' });
});

test('a page that is left closes the stream; one that comes back opens it from the cursor', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  host.source.accept();
  host.source.send({ id: '3' });
  host.page?.hide();
  assert.equal(host.source.readyState, 2);
  assert.equal(seen.last?.reason, 'pagehide');
  connection.open('start');
  connection.reconnect('reconnect');
  host.page?.wake('visible');
  assert.equal(host.sources.length, 1, 'no stream is opened by a page that is away');
  host.page?.restore();
  assert.equal(host.source.cursor, '3');
  assert.equal(seen.last?.reason, 'pageshow');
});

test('a page that is left during a wait does not retry while away', () => {
  const { host, connection } = connect();
  connection.open('start');
  host.source.fail();
  host.page?.hide();
  host.pass(60_000);
  assert.equal(host.sources.length, 1);
  host.page?.restore();
  assert.equal(host.sources.length, 2);
});

test('a closed connection stays closed when its page comes back', () => {
  const { host, connection } = connect();
  connection.open('start');
  const page = host.page;
  page?.hide();
  connection.close('close');
  assert.equal(host.page, undefined);
  connection.open('start');
  assert.equal(host.sources.length, 2);
});

test('listen applies from then on, without a new connection and with one listener per type', () => {
  const { host, connection, seen } = connect({ types: ['message', 'est'] });
  connection.open('start');
  host.source.accept();
  host.source.send({ type: 'pdt', data: 'too early', id: '1' });
  connection.listen(new Set(['message', 'pdt']));
  host.source.send({ type: 'pdt', data: 'p', id: '2' });
  host.source.send({ type: 'est', data: 'no longer', id: '3' });
  assert.equal(connection.lastEventId, '3', 'what is no longer wanted still moves the cursor');
  connection.listen(new Set(['message', 'est', 'pdt']));
  host.source.send({ type: 'est', data: 'e', id: '4' });
  assert.deepEqual(seen.data, ['p', 'e']);
  assert.equal(host.source.listeners('est'), 1);
  assert.equal(host.source.listeners('pdt'), 1);
  assert.equal(host.sources.length, 1);
});

test('an initial cursor goes out with the first attempt', () => {
  const { host, connection } = connect({ lastEventId: '#a.5' });
  assert.equal(connection.lastEventId, '#a.5');
  connection.open('start');
  assert.equal(host.source.cursor, '#a.5');
});

test('an event without an id bears the cursor, also after a reconnect', () => {
  const { host, connection, seen } = connect();
  connection.open('start');
  host.source.send({ data: 'a', id: '5' });
  connection.reconnect('reconnect');
  host.source.send({ data: 'b' });
  assert.deepEqual(seen.events.map(({ lastEventId }) => lastEventId), ['5', '5']);
  connection.reconnect('reconnect');
  assert.equal(host.source.cursor, '5');
});

test('an empty id clears the cursor', () => {
  const { host, connection } = connect();
  connection.open('start');
  host.source.send({ id: '5' });
  host.source.send({ id: '' });
  connection.reconnect('reconnect');
  assert.equal(host.source.cursor, null);
});

test('an owner may close in the middle of any news', () => {
  for (const state of ['connecting', 'open', 'retrying'] as const) {
    const host = new FakeHost();
    const connection: Connection = new Connection({ url, withCredentials: false, lastEventId: '', types: new Set() }, {
      event: () => assert.fail('no event was asked for'),
      state: (change) => change.state === state && connection.close('close'),
    }, host);
    connection.open('start');
    if (state !== 'connecting') host.source.accept();
    if (state === 'retrying') host.source.fail();
    assert.equal(connection.state, 'closed', state);
    assert.equal(host.source.readyState, 2, state);
    host.pass(60_000);
    assert.equal(host.sources.length, 1, state);
  }
});
