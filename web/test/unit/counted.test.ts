import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mark } from '../../src/wire.js';
import { Rig, type Page } from './rig.js';

const url = 'https://x.example/clocks';

/** What a server that is no hub has to send: a type for each id from 1 on. */
const log = ['message', 'est', 'message', 'est', 'est', 'message', 'message'];

/** The newest connection is accepted, and brings all that it was not asked to leave out, up to an id. */
function bring(rig: Rig, upTo: number): void {
  const { source } = rig.place;
  source.accept();
  for (let id = Number(source.cursor) + 1; id <= upTo; id++) source.send({ type: log[id - 1] as string, id: `${id}`, data: `${id}` });
}

function data({ events }: Page): string[] {
  return events.map((event) => event.data);
}

/** Pages of which one went and one stayed behind, as their last host told them; and the marks of these. */
function past(types: readonly string[]): { first: Mark; last: Mark } {
  const rig = new Rig();
  const [page, other] = [rig.page(), rig.page()];
  page.want(url, { mark: { id: '0', at: NaN, line: '' } });
  other.want(url, { mark: { id: '0', at: NaN, line: '' }, types });
  rig.turn();
  bring(rig, 6);
  const [first] = page.events;
  const last = page.events.at(-1);
  assert.ok(first && last);
  return { first: first.mark, last: last.mark };
}

test('places that count what a page wanted that is gone are places for the next host too', () => {
  const { first, last } = past(['est']);
  const rig = new Rig();
  const [ahead, behind] = [rig.page(), rig.page()];
  ahead.want(url, { mark: last });
  behind.want(url, { mark: first });
  rig.turn();
  assert.equal(rig.place.source.cursor, '1');
  bring(rig, 7);
  assert.deepEqual([ahead, behind].map(data), [['7'], ['3', '6', '7']]);
});

test('with a further type places are counted anew; who was elsewhere goes on by itself', () => {
  const { first, last } = past(['message']);
  const rig = new Rig({ most: 2 });
  const [ahead, behind, fresh] = [rig.page(), rig.page(), rig.page()];
  ahead.want(url, { mark: last });
  behind.want(url, { mark: first });
  fresh.want(url, { types: ['est'] });
  rig.turn();
  for (const source of rig.place.sources) {
    source.accept();
    for (let id = Number(source.cursor) + 1; id <= 7; id++) source.send({ type: log[id - 1] as string, id: `${id}`, data: `${id}` });
  }
  assert.deepEqual([ahead, behind].map(data), [['7'], ['3', '6', '7']]);
});

test('a further type in the middle moves those who are there on, on the same connection', () => {
  const rig = new Rig();
  const [page, other] = [rig.page(), rig.page()];
  page.want(url, { mark: { id: '0', at: NaN, line: '' } });
  rig.turn();
  bring(rig, 3);
  other.want(url, { types: ['est'] });
  rig.turn();
  for (const id of [4, 5, 6]) rig.place.source.send({ type: log[id - 1] as string, id: `${id}`, data: `${id}` });
  assert.deepEqual([page, other].map(data), [['1', '3', '6'], ['4', '5']]);
  assert.equal(rig.place.sources.length, 1);
  assert.equal(page.mark?.line, other.mark?.line);
  const [old] = page.events;
  assert.notEqual(old?.mark.line, page.events.at(-1)?.mark.line);
});

test('who comes back with a type that was not listened to meanwhile asks for what it has missed', () => {
  const rig = new Rig({ most: 2 });
  const [page, back] = [rig.page(), rig.page()];
  page.want(url, { mark: { id: '1', at: NaN, line: '' } });
  rig.turn();
  bring(rig, 6);
  back.want(url, { types: ['message', 'est'], mark: { id: '3', at: NaN, line: '' } });
  rig.turn();
  assert.equal(rig.place.source.cursor, '3');
  bring(rig, 7);
  assert.deepEqual(data(back), ['4', '5', '6', '7']);
  assert.deepEqual(data(page), ['3', '6']);
});

test('the place before the first event of a server that looked like a hub is not the place of that event', () => {
  const rig = new Rig();
  const [page, other] = [rig.page(), rig.page()];
  const marks: (string | undefined)[] = [];
  page.want(`${url}?topic=a`, { mark: { id: '1', at: NaN, line: '' }, types: ['est'] });
  other.want(`${url}?topic=a`, { mark: { id: '1', at: NaN, line: '' } });
  rig.turn();
  rig.place.source.accept();
  rig.place.source.send({ type: 'est', id: '2', data: '2' });
  marks.push(other.mark?.id, page.events[0]?.mark.id);
  assert.deepEqual(marks, ['1', '2']);
});
