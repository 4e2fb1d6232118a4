import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventDetail } from '../../src/detail.js';
import type { EventSourceElement } from '../../src/element.js';

const source = {} as EventSourceElement;

function detail(data: string): EventDetail {
  return new EventDetail({ type: 'est', data, lastEventId: '7', origin: 'https://hub.example' }, source);
}

test('the detail carries the event', () => {
  const { type, data, lastEventId, source: from } = detail('x');
  assert.deepEqual([type, data, lastEventId], ['est', 'x', '7']);
  assert.equal(from, source);
});

for (const { data, json } of [
  { data: '{"a":1}', json: { a: 1 } },
  { data: 'null', json: null },
  { data: '3', json: 3 },
  { data: '', json: undefined },
  { data: 'text', json: undefined },
  { data: '{', json: undefined },
]) {
  test(`json of ${JSON.stringify(data)}`, () => assert.deepEqual(detail(data).json, json));
}

test('json is parsed once', () => {
  const event = detail('{"a":1}');
  assert.ok(event.json);
  assert.equal(event.json, event.json);
});
