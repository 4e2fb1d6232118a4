import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mark } from '../../src/wire.js';
import { Rig } from './rig.js';

const base = 'https://hub.example/hub?';

/** Places of one and of another line, as a host that took the hub for none of the kind has counted them. */
const counted = (id: string, at: number): Mark => ({ id, at, line: '0.5\nmessage\n' });
const offset = (at: number): Mark => ({ id: `#e1.${at}`, at, line: 'e1' });

test('a place that was counted is only a cursor to a hub', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`, { mark: counted('#e1.46', 0) });
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.46');
  rig.hello(46, 'resumed');
  rig.update(47, ['a']);
  assert.deepEqual([a.offsets, a.states.at(-1)], [[47], 'open']);
});

test('places that were counted further on than a hub is make no storm of connections', () => {
  const rig = new Rig({ most: 2 });
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`, { mark: counted('x', 90) });
  b.want(`${base}topic=b`, { mark: counted('y', 95) });
  rig.turn();
  assert.equal(rig.place.source.cursor, 'x');
  rig.hello(10, 'resumed');
  rig.turn();
  assert.equal(rig.place.source.cursor, 'y', 'the other place is asked for by itself');
  rig.hello(12, 'resumed');
  rig.turn();
  assert.equal(rig.open, 1, 'now that both places are known, the first connection serves both');
  for (const at of [11, 12, 13]) rig.update(at, ['a', 'b'], {}, rig.place.sources[0]);
  assert.deepEqual([a.offsets, b.offsets], [[11, 12, 13], [13]]);
  assert.equal(rig.place.sources.length, 2);
});

test('what was lost is told to those whose places were counted', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`, { mark: counted('gone', 3) });
  rig.turn();
  rig.hello(20, 'gap');
  rig.signal('gap', { from: 'gone', to: '#e1.20', why: 'unknown-id' }, '#e1.20');
  rig.update(21, ['a']);
  assert.deepEqual([a.gaps, a.offsets], [['unknown-id'], [21]]);
});

test('a hub that a page knows is no other server for saying nothing: it is asked again', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`, { mark: offset(7) });
  rig.turn();
  rig.place.source.accept();
  for (let s = 0; s < 8; s++) rig.place.pass(1_000);
  rig.turn();
  assert.equal(rig.place.sources.length, 2);
  assert.equal(rig.query('signals').length, 1, 'still asked as a hub');
  rig.hello(7, 'resumed');
  rig.update(8, ['a']);
  assert.deepEqual(a.offsets, [8]);
});

test('a further connection to a known hub is watched before it has said hello', () => {
  const rig = new Rig({ most: 2 });
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  b.want(`${base}topic=a`, { mark: { id: 'x', at: NaN, line: '' } });
  rig.turn();
  const { source } = rig.place;
  assert.equal(source.cursor, 'x');
  source.accept();
  for (let s = 0; s < 8; s++) {
    rig.signal('ping', {}, '#e1.10', rig.place.sources[0]);
    rig.place.pass(1_000);
  }
  assert.equal(source.readyState, 2);
});

test('a hub without heartbeats is not left for its silence', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`, { mark: offset(7) });
  rig.turn();
  rig.place.source.accept();
  rig.signal('hello', { epoch: 'e1', position: '#e1.7', verdict: 'resumed', heartbeat: 0, limits: { matchers: 100 } }, '#e1.7');
  for (let s = 0; s < 100; s++) rig.place.pass(10_000);
  assert.equal(rig.place.sources.length, 1);
});

test('a hub that has become another server counts from where each page was', () => {
  const rig = new Rig({ most: 2 });
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`, { mark: offset(3) });
  b.want(`${base}topic=a`, { mark: offset(30) });
  rig.turn();
  rig.place.source.accept();
  rig.place.source.send({ id: '4', data: 'four' });
  rig.turn();
  rig.place.source.accept();
  rig.place.source.send({ id: '31', data: 'thirty-one' });
  assert.deepEqual([a, b].map(({ events }) => events.map(({ data }) => data)), [['four'], ['thirty-one']]);
  assert.notEqual(a.events[0]?.mark.line, 'e1');
});

test('a place that counts nothing is left when a type is listened to', () => {
  const url = 'https://x.example/clocks';
  const rig = new Rig();
  const a = rig.page();
  a.want(url, { types: [] });
  rig.turn();
  rig.place.source.accept();
  const before = a.mark;
  const b = rig.page();
  b.want(url);
  rig.turn();
  rig.place.source.send({ id: '1', data: 'one' });
  assert.equal(b.events.length, 1);
  assert.notEqual(b.events[0]?.mark.line, before?.line);
});
