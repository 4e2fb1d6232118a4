import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../src/connection.js';
import { failed } from '../../src/fetch-source.js';
import { FakePlace, Recorder } from './fakes.js';

const url = 'https://hub.example/s?topic=a';

interface Wants {
  lastEventId?: string;
  types?: string[];
  withCredentials?: boolean;
  headers?: () => Promise<Record<string, string>>;
}

function connect({ lastEventId = '', types = ['message', 'est'], withCredentials = false, headers }: Wants = {}): {
  place: FakePlace;
  seen: Recorder;
  connection: Connection;
} {
  const place = new FakePlace();
  const seen = new Recorder();
  const connection = new Connection({ url, withCredentials, lastEventId, types: new Set(types), headers }, seen, place);
  return { place, seen, connection };
}

test('nothing happens before open', () => {
  const { place, connection, seen } = connect();
  connection.listen(new Set(['pdt']));
  connection.close('close');
  assert.equal(connection.state, 'idle');
  assert.equal(place.sources.length, 0);
  assert.equal(seen.states.length, 0);
});

test('open connects once, with the credentials asked for', () => {
  const { place, connection, seen } = connect({ withCredentials: true });
  connection.open('start');
  connection.open('start');
  assert.equal(place.sources.length, 1);
  assert.equal(place.source.url, url);
  assert.equal(place.source.withCredentials, true);
  place.source.accept();
  assert.deepEqual(seen.states, [
    { state: 'connecting', attempt: 0, nextRetryMs: null, reason: 'start' },
    { state: 'open', attempt: 0, nextRetryMs: null, reason: 'connected' },
  ]);
});

test('only wanted types are handed on, but each one moves the cursor', () => {
  const { place, connection, seen } = connect({ types: ['est'] });
  connection.open('start');
  place.source.accept();
  place.source.send({ type: 'est', data: 'a', id: '1' });
  place.source.send({ data: 'unnamed', id: '2' });
  place.source.send({ type: 'error', data: 'named like the error event', id: '3' });
  place.source.send({ type: 'open', data: 'named like the open event', id: '4' });
  assert.deepEqual(seen.events, [{ type: 'est', data: 'a', lastEventId: '1', origin: 'https://hub.example' }]);
  assert.equal(connection.lastEventId, '4');
  assert.equal(connection.state, 'open');
});

test("a server's open and error are handed on when asked for, and are no news of the connection", () => {
  const { place, connection, seen } = connect({ types: ['open', 'error'] });
  connection.open('start');
  place.source.send({ type: 'open', data: 'a' });
  place.source.send({ type: 'error', data: 'b' });
  assert.deepEqual(seen.data, ['a', 'b']);
  assert.equal(seen.states.length, 1);
  assert.equal(place.source.listeners('error'), 1);
});

for (const { name, forGood } of [
  { name: 'the browser would retry', forGood: false },
  { name: 'the browser has given up', forGood: true },
]) {
  test(`a lost stream is closed and opened again from the cursor, where ${name}`, () => {
    const { place, connection, seen } = connect();
    connection.open('start');
    const first = place.source;
    first.accept();
    first.send({ data: 'a', id: '7' });
    first.fail(forGood);
    assert.equal(first.readyState, 2);
    assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 1_000, reason: 'lost' });
    place.pass(999);
    assert.equal(place.sources.length, 1);
    place.pass(1);
    assert.equal(place.sources.length, 2);
    assert.equal(place.source.cursor, '7');
    assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 0, reason: 'timer' });
    place.source.accept();
    assert.equal(connection.state, 'open');
  });
}

test('refused attempts wait longer and longer, without end', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  const waits: (number | null)[] = [];
  for (let i = 0; i < 7; i++) {
    place.source.fail(true);
    assert.equal(seen.last?.reason, 'refused');
    assert.equal(seen.last?.attempt, i + 1);
    waits.push(seen.last.nextRetryMs);
    place.pass(30_000);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(place.sources.length, 8);
});

test('waits start over after a stable stream, not after a short one', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  for (const [openFor, wait] of [[1_000, 1_000], [1_000, 2_000], [5_000, 1_000]] as const) {
    place.source.accept();
    place.pass(openFor);
    place.source.fail();
    assert.equal(seen.last?.nextRetryMs, wait);
    place.pass(wait);
  }
});

for (const reason of ['online', 'visible'] as const) {
  test(`${reason} cuts a wait short`, () => {
    const { place, connection, seen } = connect();
    connection.open('start');
    place.source.fail();
    connection.wake(reason);
    assert.equal(place.sources.length, 2);
    assert.equal(place.timers, 1, 'that of the watch');
    assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 0, reason });
  });

  test(`${reason} leaves an attempt and an open stream alone`, () => {
    const { place, connection } = connect();
    connection.open('start');
    connection.wake(reason);
    place.source.accept();
    connection.wake(reason);
    assert.equal(place.sources.length, 1);
    assert.equal(connection.state, 'open');
  });
}

test('close ends the stream and the wait; open goes on from the cursor', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.accept();
  place.source.send({ id: '3' });
  place.source.fail();
  connection.close('removed');
  connection.close('removed');
  assert.deepEqual(seen.last, { state: 'closed', attempt: 1, nextRetryMs: null, reason: 'removed' });
  assert.equal(seen.states.length, 4);
  assert.equal(place.timers, 0);
  connection.open('start');
  assert.equal(place.source.cursor, '3');
  assert.equal(seen.last?.attempt, 0);
});

test('nothing comes from a stream after its close', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  const source = place.source;
  source.accept();
  connection.close('close');
  source.dispatchEvent(new MessageEvent('message', { data: 'late', lastEventId: '9' }));
  source.dispatchEvent(new Event('error'));
  assert.deepEqual(seen.events, []);
  assert.equal(connection.lastEventId, '');
  assert.equal(connection.state, 'closed');
  assert.equal(place.timers, 0);
});

test('reconnect replaces an open stream and a wait at once', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.send({ id: '3' });
  connection.reconnect('reconnect');
  assert.equal(place.source.cursor, '3');
  place.source.fail();
  connection.reconnect('reconnect');
  assert.equal(place.sources.length, 3);
  assert.equal(place.timers, 1, 'that of the watch');
  assert.deepEqual(seen.last, { state: 'connecting', attempt: 0, nextRetryMs: null, reason: 'reconnect' });
});

test('a wait is over when the connection is closed', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.send({ id: '3' });
  place.source.fail();
  connection.close('pagehide');
  connection.wake('visible');
  place.pass(60_000);
  assert.equal(place.sources.length, 1);
  connection.open('pageshow');
  assert.equal(place.source.cursor, '3');
  assert.equal(seen.last?.reason, 'pageshow');
});

test('another address replaces the stream without news, from the cursor', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.accept();
  place.source.send({ id: '3' });
  const before = seen.states.length;
  connection.aim(`${url}&topic=b`);
  assert.equal(place.source.url, `${url}&topic=b&last_event_id=3`);
  assert.equal(seen.states.length, before);
  assert.equal(connection.state, 'open');
  place.source.fail();
  assert.equal(seen.last?.reason, 'refused');
  connection.aim(url);
  assert.equal(place.sources.length, 2, 'a wait is not cut short');
  place.pass(30_000);
  assert.equal(place.source.url, `${url}&last_event_id=3`);
});

test('another address later leaves the stream alone', () => {
  const { place, connection } = connect();
  connection.open('start');
  connection.aim(`${url}&topic=b`, false);
  assert.equal(place.sources.length, 1);
  connection.reconnect('reconnect');
  assert.equal(place.source.url, `${url}&topic=b`);
});

test('a cursor that was set counts, not the last event', () => {
  const { place, connection } = connect();
  connection.open('start');
  place.source.send({ id: 'used twice' });
  connection.lastEventId = '#e.9';
  connection.reconnect('reconnect');
  assert.equal(place.source.cursor, '#e.9');
});

test('a stream that falls silent is lost, one that is not is not', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.accept();
  connection.expect(6_000);
  place.pass(5_000);
  place.source.send({ data: 'alive' });
  place.pass(5_999);
  assert.equal(connection.state, 'open');
  place.pass(1);
  assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 1_000, reason: 'silent' });
  assert.equal(place.sources[0]?.readyState, 2);
});

test('without a heartbeat there is no silence', () => {
  const { place, connection } = connect();
  connection.open('start');
  place.source.accept();
  place.pass(10_000_000);
  assert.equal(connection.state, 'open');
});

test('a machine that has slept connects anew', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.accept();
  place.sleep(600_000);
  assert.equal(seen.last?.reason, 'silent');
});

test('a server that says when to come back is not asked before', () => {
  for (const [draw, most] of [[0, 20_250], [0.999_999, 41_000]] as const) {
    const { place, connection, seen } = connect();
    place.draw = draw;
    connection.open('start');
    place.source.accept();
    connection.rest(20_000);
    place.source.fail();
    assert.equal(seen.last?.nextRetryMs, most);
    place.pass(most);
    place.source.fail();
    assert.ok((seen.last?.nextRetryMs ?? 0) <= 2_000, 'it counts once');
  }
});

test('headers are asked for with each request, and carry the cursor', () => {
  const { place, connection } = connect({ headers: async () => ({ Authorization: 'Bearer x' }), lastEventId: '1' });
  connection.open('start');
  const request = place.fetched.get(url);
  assert.equal(request?.lastEventId, '1');
  assert.ok(request.headers);
});

test('204 ends a stream for good; Retry-After holds a retry back', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.draw = 0;
  place.source.dispatchEvent(failed(429, '7'));
  assert.deepEqual(seen.last, { state: 'retrying', attempt: 1, nextRetryMs: 7_250, reason: 'refused' });
  place.pass(7_250);
  place.source.dispatchEvent(failed(204, null));
  assert.deepEqual(seen.last, { state: 'closed', attempt: 1, nextRetryMs: null, reason: 'ended' });
  place.pass(1_000_000);
  assert.equal(place.sources.length, 2);
});

test('listen applies from then on, without a new connection and with one listener per type', () => {
  const { place, connection, seen } = connect({ types: ['message', 'est'] });
  connection.open('start');
  place.source.accept();
  place.source.send({ type: 'pdt', data: 'too early', id: '1' });
  connection.listen(new Set(['message', 'pdt']));
  place.source.send({ type: 'pdt', data: 'p', id: '2' });
  place.source.send({ type: 'est', data: 'no longer', id: '3' });
  assert.equal(connection.lastEventId, '3', 'what is no longer wanted still moves the cursor');
  connection.listen(new Set(['message', 'est', 'pdt']));
  place.source.send({ type: 'est', data: 'e', id: '4' });
  assert.deepEqual(seen.data, ['p', 'e']);
  assert.equal(place.source.listeners('est'), 1);
  assert.equal(place.source.listeners('pdt'), 1);
  assert.equal(place.sources.length, 1);
});

test('an initial cursor goes out with the first attempt', () => {
  const { place, connection } = connect({ lastEventId: '#a.5' });
  assert.equal(connection.lastEventId, '#a.5');
  connection.open('start');
  assert.equal(place.source.cursor, '#a.5');
});

test('an event without an id bears the cursor, also after a reconnect', () => {
  const { place, connection, seen } = connect();
  connection.open('start');
  place.source.send({ data: 'a', id: '5' });
  connection.reconnect('reconnect');
  place.source.send({ data: 'b' });
  assert.deepEqual(seen.events.map(({ lastEventId }) => lastEventId), ['5', '5']);
  connection.reconnect('reconnect');
  assert.equal(place.source.cursor, '5');
});

test('an empty id clears the cursor', () => {
  const { place, connection } = connect();
  connection.open('start');
  place.source.send({ id: '5' });
  place.source.send({ id: '' });
  connection.reconnect('reconnect');
  assert.equal(place.source.cursor, null);
});

test('an owner may close in the middle of any news', () => {
  for (const state of ['connecting', 'open', 'retrying'] as const) {
    const place = new FakePlace();
    const connection: Connection = new Connection({ url, withCredentials: false, lastEventId: '', types: new Set() }, {
      event: () => assert.fail('no event was asked for'),
      state: (change) => change.state === state && connection.close('close'),
    }, place);
    connection.open('start');
    if (state !== 'connecting') place.source.accept();
    if (state === 'retrying') place.source.fail();
    assert.equal(connection.state, 'closed', state);
    assert.equal(place.source.readyState, 2, state);
    place.pass(60_000);
    assert.equal(place.sources.length, 1, state);
  }
});
