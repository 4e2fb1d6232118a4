import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parser.js';
import { bytesOf, cut, readVectors, type Vector } from '../vectors/vectors.js';

const vectors = readVectors();

/** What a reader makes of bytes that come in these pieces. */
function read(pieces: Iterable<Uint8Array>, initial: string): Omit<Vector, 'name'> {
  const seen = { events: [] as { id: string; type: string; data: string }[], comments: [] as string[], retry: null as number | null };
  const parser = new Parser({
    event: ({ type, data, lastEventId }) => seen.events.push({ id: lastEventId, type, data }),
    comment: (text) => seen.comments.push(text),
    retry: (ms) => (seen.retry = ms),
  }, initial);
  const decoder = new TextDecoder();
  for (const piece of pieces) parser.push(decoder.decode(piece, { stream: true }));
  return { ...seen, last_event_id: parser.lastEventId };
}

/** Numbers from 0 up to 1 that are the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('there are vectors', () => {
  assert.ok(vectors.length > 150, `${vectors.length} vectors`);
});

for (const vector of vectors) {
  test(`vector: ${vector.name}`, () => {
    const bytes = bytesOf(vector);
    const { events, last_event_id, retry, initial_last_event_id: initial = '' } = vector;
    const want = { events, retry, last_event_id };
    const check = (pieces: Iterable<Uint8Array>, how: string): void => {
      const { comments, ...got } = read(pieces, initial);
      assert.deepEqual(got, want, how);
      if (vector.comments) assert.deepEqual(comments, vector.comments, how);
    };
    check([bytes], 'whole');
    check(cut(bytes, () => 1), 'byte by byte');
    for (let seed = 1; seed <= 20; seed++) {
      const random = generator(seed);
      check(cut(bytes, () => 1 + Math.floor(random() * 12)), `cut by seed ${seed}`);
    }
  });
}

test('what grows too large is an error, not memory', () => {
  const parse = (text: string, size: number): void => {
    const parser = new Parser({ event: () => {}, retry: () => {} }, '', 100);
    for (let start = 0; start < text.length; start += size) parser.push(text.slice(start, start + size));
  };
  for (const size of [1, 7, 1_000]) {
    assert.throws(() => parse(`data: ${'x'.repeat(200)}\n\n`, size), RangeError, 'a line');
    assert.throws(() => parse(': '.padEnd(200), size), RangeError, 'a line without an end');
    assert.throws(() => parse('data: 0123456789\n'.repeat(20), size), RangeError, 'an event of many lines');
    parse('data: 0123456789\n\n'.repeat(20), size);
  }
});

test('many small pieces of a large event take time in proportion to it', () => {
  let got = 0;
  const parser = new Parser({ event: ({ data }) => (got = data.length), retry: () => {} });
  parser.push('data: ');
  for (let i = 0; i < 200_000; i++) parser.push('0123456789');
  parser.push('\n\n');
  assert.equal(got, 2_000_000);
});
