import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../src/connection.js';
import { FakePlace, Recorder } from './fakes.js';

/** Numbers from 0 up to 1 that are the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const names = ['message', 'a', 'b', 'c', 'd', 'open', 'error'];

/** A server with a log of numbered events, which resumes after the cursor in the URL, against a connection that is cut
 *  at random places, also in the middle of a replay. */
function run(seed: number): { want: string[]; got: string[]; cuts: number; oldCursors: number } {
  const random = generator(seed);
  const place = new FakePlace();
  const seen = new Recorder();
  const types = new Set(names.filter(() => random() < 0.4));
  // Starts with a cursor, as a stream that is cut before its first event has none of its own.
  const options = { url: 'https://hub.example/s', withCredentials: false, lastEventId: '0', types };
  const connection = new Connection(options, seen, place);
  const log: { type: string; data: string; id: string }[] = [];
  let cuts = 0;
  let oldCursors = 0;
  let sent = 0;

  const cut = (): void => {
    cuts += 1;
    place.source.fail(random() < 0.5);
    place.pass(30_000);
    const cursor = Number(place.source.cursor);
    if (cursor < sent) oldCursors += 1;
    sent = cursor;
    place.source.accept();
  };

  connection.open('start');
  place.source.accept();
  for (let i = 1; i <= 300; i++) {
    const type = names[Math.floor(random() * names.length)] ?? 'message';
    log.push({ type, data: String(i), id: String(i) });
    while (sent < log.length) {
      if (random() < 0.1) cut();
      const next = log[sent];
      assert.ok(next);
      place.source.send(next);
      sent += 1;
    }
  }
  return { want: log.filter(({ type }) => types.has(type)).map(({ data }) => data), got: seen.data, cuts, oldCursors };
}

test('every listened event arrives once and in order, however often the stream is cut', () => {
  let cuts = 0;
  let oldCursors = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const result = run(seed);
    assert.deepEqual(result.got, result.want, `seed ${seed}`);
    cuts += result.cuts;
    oldCursors += result.oldCursors;
  }
  // The runs are worth something only if streams were cut, and resumed before the place that the browser was at.
  assert.ok(cuts > 1_000, `${cuts} cuts`);
  assert.ok(oldCursors > 100, `${oldCursors} resumes from an older place`);
});
