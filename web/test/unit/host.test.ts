import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Host } from '../../src/host.js';
import { FakePlace } from './fakes.js';
import { Page, Rig } from './rig.js';

const base = 'https://hub.example/hub?';

test('streams that differ in their topics share a connection, and each gets its own', () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  b.want(`${base}topic=b`);
  rig.turn();
  assert.equal(rig.place.sources.length, 1);
  assert.deepEqual(rig.query('topic'), ['a', 'b']);
  assert.deepEqual(rig.query('signals'), ['1']);
  assert.deepEqual(rig.query('envelope'), ['1']);
  rig.hello(10);
  rig.update(11, ['a']);
  rig.update(12, ['b']);
  rig.update(13, ['a', 'b'], { type: 'est', data: 'of no interest' });
  rig.update(14, ['other', 'b', 'a']);
  assert.deepEqual(a.offsets, [11, 14]);
  assert.deepEqual(b.offsets, [12, 14]);
  assert.deepEqual(a.states, ['connecting', 'open']);
});

test('who comes while a connection is made, with other topics, waits for the next one', () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  const c = rig.page();
  a.want(`${base}topic=a`, { mark: { id: '#e1.10', at: 10, line: 'e1' } });
  rig.turn();
  b.want(`${base}topic=b`, { mark: { id: '#e1.10', at: 10, line: 'e1' } });
  c.want(`${base}topic=a`, { mark: { id: '#e1.9', at: 9, line: 'e1' } });
  rig.hello(10, 'resumed');
  rig.update(12, ['a']);
  assert.equal(b.mark, undefined, 'what it wants is not on the wire');
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.9');
  rig.hello(9, 'resumed');
  rig.update(10, ['a']);
  rig.update(11, ['b']);
  rig.update(12, ['a']);
  assert.deepEqual([a.offsets, b.offsets, c.offsets], [[12], [11], [10, 12]]);
});

test('events bear the id that their publisher gave', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`, { types: ['message', 'est'] });
  rig.turn();
  rig.hello(0);
  rig.update(1, ['a'], { id: 'urn:uuid:1', type: 'est', data: 'd' });
  assert.deepEqual(a.events.map(({ type, data, lastEventId }) => [type, data, lastEventId]), [['est', 'd', 'urn:uuid:1']]);
  assert.equal(a.events[0]?.mark.id, '#e1.1', 'the cursor is the position: ids may be used twice');
});

test('further topics end the connection before another begins, from the cursor', () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.update(11, ['a']);
  b.want(`${base}topic=b`);
  rig.update(12, ['a']);
  rig.turn();
  assert.equal(rig.place.sources.length, 2);
  assert.equal(rig.place.sources[0]?.readyState, 2);
  assert.equal(rig.place.source.cursor, '#e1.12');
  rig.hello(12);
  rig.update(13, ['b']);
  rig.update(14, ['a']);
  assert.deepEqual(a.offsets, [11, 12, 14]);
  assert.deepEqual(b.offsets, [13]);
  assert.deepEqual(a.states, ['connecting', 'open'], 'the others do not notice');
});

test('topics that are on the wire need no new connection', () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a&topic=b`);
  rig.turn();
  rig.hello(10);
  rig.update(11, ['b']);
  b.want(`${base}topic=b`);
  rig.turn();
  rig.update(12, ['b']);
  assert.equal(rig.place.sources.length, 1);
  assert.deepEqual(b.offsets, [12]);
  assert.deepEqual(b.states, ['open']);
});

test('who comes back with a mark is served from what is kept', () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  b.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  for (let i = 11; i <= 14; i++) rig.update(i, ['a']);
  const mark = b.events[1]?.mark;
  assert.ok(mark);
  b.gone();
  rig.update(15, ['a']);
  b.want(`${base}topic=a`, { mark });
  rig.turn();
  rig.update(16, ['a']);
  assert.equal(rig.place.sources.length, 1);
  assert.deepEqual(b.offsets, [11, 12, 13, 14, 13, 14, 15, 16]);
  assert.deepEqual(a.offsets, [11, 12, 13, 14, 15, 16]);
});

test('an older mark lowers the connection; the others drop what they had', () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.update(11, ['a']);
  b.want(`${base}topic=a`, { mark: { id: '#e1.8', at: 8, line: 'e1' } });
  rig.turn();
  assert.equal(rig.place.sources.length, 2);
  assert.equal(rig.place.source.cursor, '#e1.8');
  rig.hello(8, 'resumed');
  for (let i = 9; i <= 12; i++) rig.update(i, ['a']);
  assert.deepEqual(a.offsets, [11, 12]);
  assert.deepEqual(b.offsets, [9, 10, 11, 12]);
});

test('a new host goes on from the lowest of the marks that its pages bring', () => {
  const rig = new Rig();
  const pages = [7, 9, 8].map((at) => {
    const page = rig.page();
    page.want(`${base}topic=a`, { mark: { id: `#e1.${at}`, at, line: 'e1' } });
    return page;
  });
  rig.turn();
  assert.equal(rig.place.sources.length, 1);
  assert.equal(rig.place.source.cursor, '#e1.7');
  rig.hello(7, 'resumed');
  for (let i = 8; i <= 10; i++) rig.update(i, ['a']);
  assert.deepEqual(pages.map(({ offsets }) => offsets), [[8, 9, 10], [10], [9, 10]]);
});

test('a cursor that only the hub can read is resolved on a connection of its own, which then ends', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.update(11, ['a']);
  b.want(`${base}topic=b`, { mark: { id: 'urn:x', at: NaN, line: '' } });
  rig.turn();
  assert.equal(rig.open, 2);
  assert.equal(rig.place.source.cursor, 'urn:x');
  rig.hello(5, 'resumed');
  assert.equal(rig.open, 1, 'the connection of its own is ended');
  rig.turn();
  assert.equal(rig.open, 1);
  assert.deepEqual(rig.query('topic'), ['a', 'b']);
  assert.equal(rig.place.source.cursor, '#e1.5');
  rig.hello(5, 'resumed');
  rig.update(6, ['b']);
  rig.update(11, ['a']);
  rig.update(12, ['a', 'b']);
  assert.deepEqual(a.offsets, [11, 12]);
  assert.deepEqual(b.offsets, [6, 12]);
});

test('a fresh stream does not get what one with an old cursor has to catch up', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`, { mark: { id: 'old', at: NaN, line: '' } });
  b.want(`${base}topic=a`);
  rig.turn();
  assert.equal(rig.open, 2);
  rig.hello(2, 'resumed', 0);
  rig.hello(9, 'fresh', 1);
  rig.turn();
  assert.equal(rig.open, 1);
  const [source] = rig.place.sources.filter(({ readyState }) => readyState !== 2);
  assert.ok(source);
  const cursor = Number(source.cursor?.split('.')[1] ?? 2);
  for (let i = cursor + 1; i <= 10; i++) rig.update(i, ['a'], {}, source);
  assert.deepEqual(a.offsets, [3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(b.offsets, [10]);
});

test('the hub says how many matchers it takes: what is beyond goes on a further connection', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a&topic=b`);
  rig.turn();
  rig.hello(0, 'fresh', -1, 3);
  b.want(`${base}topic=c&topic=d`);
  rig.turn();
  assert.equal(rig.open, 2);
  rig.hello(0, 'fresh', -1, 3);
  rig.turn();
  assert.equal(rig.open, 2, 'they are not joined later');
  rig.update(1, ['a'], {}, rig.place.sources[0]);
  rig.update(1, ['c'], {}, rig.place.sources[1]);
  assert.deepEqual([a.offsets, b.offsets], [[1], [1]]);
  assert.equal(rig.host.info.feeds.length, 2);
});

test('an address of more than 8 kB is not made', () => {
  const rig = new Rig({ most: 2 });
  const topics = (letter: string): string => Array.from({ length: 10 }, (_, i) => `topic=${letter.repeat(450)}${i}`).join('&');
  rig.page().want(base + topics('a'));
  rig.turn();
  rig.hello(0);
  rig.page().want(base + topics('b'));
  rig.turn();
  assert.equal(rig.open, 2);
  for (const { url } of rig.place.sources) assert.ok(url.length < 8_192);
});

test('a hub that has begun a new history is followed from there', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(100);
  rig.update(101, ['a']);
  rig.place.source.fail();
  rig.place.pass(30_000);
  assert.equal(rig.place.source.cursor, '#e1.101');
  rig.epoch = 'e2';
  rig.hello(0, 'gap');
  rig.signal('gap', { from: '#e1.101', to: '#e2.0', why: 'lineage' });
  rig.update(1, ['a']);
  assert.deepEqual(a.offsets, [101, 1]);
  assert.deepEqual(a.gaps, ['lineage']);
});

test('a connection that is cut before a gap is told goes on from where it was', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(3);
  for (let i = 0; i < 2; i++) {
    rig.place.source.fail();
    rig.place.pass(2_000);
    assert.equal(rig.place.source.cursor, '#e1.3');
    assert.equal(a.mark?.id, '#e1.3');
    rig.hello(5, 'gap');
    assert.deepEqual(a.gaps, []);
  }
  rig.signal('gap', { from: '#e1.3', to: '#e1.5', why: 'retention' }, '#e1.5');
  rig.update(6, ['a']);
  assert.deepEqual([a.gaps, a.offsets, a.mark?.id], [['retention'], [6], '#e1.5']);
});

test('what is lost is not asked for again', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(3);
  rig.place.source.fail();
  rig.place.pass(30_000);
  rig.hello(5, 'gap');
  rig.signal('gap', { from: '#e1.3', to: '#e1.5', why: 'retention' });
  assert.equal(a.mark?.id, '#e1.5');
  // A page that comes back from where it was, as one does that is kept by the browser or was rendered long ago.
  const b = rig.page();
  b.want(`${base}topic=a`, { mark: { id: '#e1.3', at: 3, line: 'e1' } });
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.3');
  rig.hello(5, 'gap');
  rig.signal('gap', { from: '#e1.3', to: '#e1.5', why: 'retention' });
  assert.deepEqual([b.gaps, b.mark?.id, b.states.at(-1)], [['retention'], '#e1.5', 'open']);
  rig.update(6, ['a']);
  assert.deepEqual([a.offsets, b.offsets], [[6], [6]]);
});

test('a log that is another at the same place has nothing of the one before', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(0);
  rig.update(1, ['a']);
  rig.place.source.fail();
  rig.place.pass(30_000);
  rig.epoch = 'e2';
  rig.hello(1, 'gap');
  rig.signal('gap', { from: '#e1.1', to: '#e2.1', why: 'lineage' });
  assert.equal(a.mark?.id, '#e2.1');
  // Who comes from the log before is not served from what is kept of it: the hub has to say what became of that.
  const b = rig.page();
  b.want(`${base}topic=a`, { mark: { id: '#e1.1', at: NaN, line: '' } });
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.1');
  rig.hello(1, 'gap');
  rig.signal('gap', { from: '#e1.1', to: '#e2.1', why: 'lineage' });
  assert.deepEqual(b.gaps, ['lineage']);
  // It has been told: now both can live from one stream.
  assert.equal(rig.open, 1);
  rig.update(2, ['a'], {}, rig.place.sources.find(({ readyState }) => readyState !== 2));
  assert.deepEqual([a.offsets, b.offsets, a.gaps], [[1, 2], [2], ['lineage']]);
});

test('ids that a publisher uses again lose and repeat nothing', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(0);
  for (let i = 1; i <= 3; i++) rig.update(i, ['a'], { id: 'same' });
  rig.place.source.fail();
  rig.place.pass(30_000);
  assert.equal(rig.place.source.cursor, '#e1.3');
  rig.hello(3, 'resumed');
  rig.update(4, ['a'], { id: 'same' });
  assert.deepEqual(a.offsets, [1, 2, 3, 4]);
});

test('a ping moves the marks of streams that had no event', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.signal('ping', {}, '#e1.5000');
  assert.equal(a.mark?.at, 5_000);
  rig.place.source.fail();
  rig.place.pass(30_000);
  assert.equal(rig.place.source.cursor, '#e1.5000');
});

test('a hub that falls silent is left', () => {
  const rig = new Rig();
  rig.page().want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.place.pass(4_999);
  assert.equal(rig.open, 1);
  rig.place.pass(1);
  assert.equal(rig.open, 0);
});

test('a hub that says goodbye is asked again when it wants', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.signal('bye', { reason: 'shutdown', retry: 4_000 });
  rig.place.source.fail();
  rig.place.pass(3_999);
  assert.equal(rig.place.sources.length, 1);
  rig.place.pass(5_100);
  assert.equal(rig.place.sources.length, 2);
});

test('a server that is no hub gets its address as it was written, at the next connection', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.place.source.accept();
  rig.place.source.send({ id: '1', data: 'x' });
  assert.deepEqual(a.events.map(({ data }) => data), ['x']);
  rig.place.source.fail();
  rig.place.pass(30_000);
  assert.equal(rig.place.source.url, `${base}topic=a&last_event_id=1`);
});

test('a quiet server that is no hub is found out', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  b.want(`${base}topic=b`);
  rig.turn();
  rig.place.source.accept();
  rig.place.pass(2_000);
  rig.turn();
  const open = rig.place.sources.filter(({ readyState }) => readyState !== 2).map(({ url }) => url);
  assert.deepEqual(open, [`${base}topic=a`, `${base}topic=b`]);
});

test('a hub without envelopes serves each address by itself, and loses nothing', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`);
  b.want(`${base}topic=b`);
  rig.turn();
  rig.hello(10);
  rig.place.source.send({ id: '#e1.11', data: 'x' });
  rig.turn();
  const open = rig.place.sources.filter(({ readyState }) => readyState !== 2);
  assert.deepEqual(open.map(({ url }) => url), [`${base}topic=a`, `${base}topic=b`].map((url) => `${url}&last_event_id=%23e1.10`));
  open[0]?.accept();
  open[0]?.send({ id: '#e1.11', data: 'x' });
  assert.deepEqual(a.events.map(({ data }) => data), ['x']);
  assert.deepEqual(b.events, []);
});

test('addresses without topics are shared if they are the same, and nothing is added', () => {
  const rig = new Rig({ most: 2 });
  const [a, b, c] = [rig.page(), rig.page(), rig.page()];
  a.want('https://x.example/clocks?page=1', { types: ['est'] });
  b.want('https://x.example/clocks?page=1', { types: ['pdt'] });
  c.want('https://x.example/clocks?page=2');
  rig.turn();
  assert.deepEqual(rig.place.sources.map(({ url }) => url), ['https://x.example/clocks?page=1', 'https://x.example/clocks?page=2']);
  const [source] = rig.place.sources;
  source?.accept();
  source?.send({ type: 'est', id: '1' });
  source?.send({ type: 'pdt', id: '2' });
  assert.deepEqual([a, b].map(({ events }) => events.map(({ type }) => type)), [['est'], ['pdt']]);
});

test('streams with unlike credentials or headers are not shared', () => {
  const rig = new Rig({ most: 3 });
  rig.page().want(`${base}topic=a`);
  rig.page().want(`${base}topic=a`, { withCredentials: true });
  rig.page().want(`${base}topic=a`, { headers: '*' });
  rig.turn();
  assert.equal(rig.open, 3);
});

test('a page is asked for headers, and the next one if it goes', async () => {
  const rig = new Rig();
  const a = rig.page();
  const b = rig.page();
  a.want(`${base}topic=a`, { headers: '*' });
  b.want(`${base}topic=a`, { headers: '*' });
  rig.turn();
  const [[, request] = []] = [...rig.place.fetched];
  const headers = request?.headers();
  assert.equal(a.asked, 1);
  assert.equal(b.asked, 0);
  a.gone();
  assert.equal(b.asked, 1);
  rig.host.receive(b.name, { k: 'headers', id: 1, headers: { Authorization: 'Bearer b' } });
  assert.deepEqual(await headers, { Authorization: 'Bearer b' });
});

test('who joins a connection that waits for headers of a page that has left is asked for them', async () => {
  const rig = new Rig();
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`, { headers: '*' });
  rig.turn();
  const [[, request] = []] = [...rig.place.fetched];
  const headers = request?.headers();
  a.drop(500);
  b.want(`${base}topic=a`, { headers: '*' });
  assert.deepEqual([a.asked, b.asked], [1, 1]);
  rig.host.receive(b.name, { k: 'headers', id: 1, headers: { Authorization: 'Bearer b' } });
  assert.deepEqual(await headers, { Authorization: 'Bearer b' });
  const late = rig.page();
  late.want(`${base}topic=a`, { headers: '*' });
  assert.equal(late.asked, 0, 'nobody waits for headers any more');
});

test('an end of the token makes a new connection with new headers', () => {
  const rig = new Rig();
  rig.page().want(`${base}topic=a`, { headers: '*' });
  rig.turn();
  rig.hello(3);
  rig.place.pass(1_000);
  rig.signal('expiring', { at: 1, in: 1_000 });
  assert.equal(rig.place.sources.length, 2);
  assert.equal(rig.open, 1);
});

test('a page without headers is told that its stream is about to end', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(3);
  rig.signal('expiring', { at: 1, in: 1_000 });
  assert.deepEqual([a.reasons.at(-1), a.states.at(-1), rig.place.sources.length], ['expiring', 'open', 1]);
});

test('the connection stays a while after the last one has left, and serves who comes then', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(3);
  rig.update(4, ['a']);
  a.drop(1_000);
  rig.update(5, ['a']);
  rig.place.pass(999);
  const b = rig.page();
  b.want(`${base}topic=a`, { mark: { id: '#e1.4', at: 4, line: 'e1' } });
  rig.place.pass(1_000);
  assert.deepEqual(b.offsets, [5]);
  assert.equal(rig.place.sources.length, 1);
  b.drop(1_000);
  rig.place.pass(1_000);
  assert.equal(rig.open, 0);
  assert.deepEqual(rig.host.info, { pages: 0, feeds: [] });
});

test('a page that is gone leaves nothing behind', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(3);
  a.gone();
  assert.equal(rig.open, 0);
  assert.equal(rig.place.timers, 0);
  assert.deepEqual(rig.host.info, { pages: 0, feeds: [] });
});

test('a host that is stopped makes no connection that was about to be made', () => {
  const rig = new Rig();
  rig.page().want(`${base}topic=a`);
  rig.host.stop();
  rig.turn();
  assert.equal(rig.place.sources.length, 0);
});

test('a page whose cursor is that of a connection under way, but not its topics, loses nothing', () => {
  const rig = new Rig();
  const mark = { id: '#e1.6', at: NaN, line: '' };
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`, { mark });
  rig.turn();
  b.want(`${base}topic=b`, { mark });
  rig.hello(6, 'resumed');
  rig.update(8, ['a']);
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.6');
  rig.hello(6, 'resumed');
  rig.update(7, ['b']);
  rig.update(8, ['a']);
  assert.deepEqual([a.offsets, b.offsets], [[8], [7]]);
});

test('a page that never had a cursor says nothing of where others were, when the host changes', () => {
  const rig = new Rig({ most: 2 });
  const url = 'https://x.example/clocks';
  const [quiet, other] = [rig.page(), rig.page()];
  quiet.want(url, { mark: { id: '', at: 0, line: 'l' } });
  other.want(url, { mark: { id: '5', at: 5, line: 'l' } });
  rig.turn();
  for (const source of rig.place.sources) {
    source.accept();
    const cursor = source.cursor === null ? 8 : Number(source.cursor);
    for (let id = cursor + 1; id <= 9; id++) source.send({ id: `${id}`, data: `${id}` });
  }
  assert.deepEqual([quiet, other].map(({ events }) => events.map(({ data }) => data)), [['9'], ['6', '7', '8', '9']]);
});

test('who joins a further connection before its hello gets a cursor that the hub can read', () => {
  const rig = new Rig({ most: 2 });
  rig.page().want(`${base}topic=a`);
  rig.turn();
  rig.hello(10, 'fresh', -1, 1);
  const [b, c] = [rig.page(), rig.page()];
  b.want(`${base}topic=b`, { mark: { id: '#e1.8', at: 8, line: 'e1' } });
  c.want(`${base}topic=b`);
  rig.turn();
  assert.equal(rig.open, 2);
  rig.hello(8, 'resumed', -1, 1);
  assert.deepEqual([b.mark?.id, c.mark?.id], ['#e1.8', '#e1.8']);
});

test('who asks for a new connection before there is one gets that one', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.host.receive(a.name, { k: 'redo', id: 1 });
  assert.equal(rig.place.sources.length, 0);
  rig.turn();
  assert.equal(rig.place.sources.length, 1);
  assert.deepEqual(rig.query('envelope'), ['1']);
  rig.hello(3);
  rig.host.receive(a.name, { k: 'redo', id: 1 });
  assert.equal(rig.place.sources.length, 2);
});

test('a host that has stopped does nothing any more', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(3);
  rig.host.stop();
  a.want(`${base}topic=b`);
  rig.turn();
  assert.equal(rig.open, 0);
  assert.ok(rig.host instanceof Host && a instanceof Page);
});

test('a place in a history that the hub has left is not taken for one in the present history', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(0);
  rig.update(1, ['a']);
  rig.place.source.fail();
  rig.place.pass(30_000);
  rig.epoch = 'e2';
  rig.hello(0, 'gap');
  rig.signal('gap', { from: '#e1.1', to: '#e2.0', why: 'lineage' });
  rig.update(1, ['a']);
  rig.update(2, ['a']);
  rig.update(3, ['a']);
  const b = rig.page();
  b.want(`${base}topic=a`, { mark: { id: '#e1.2', at: 2, line: 'e1' } });
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.2');
  assert.deepEqual(b.offsets, []);
});

test('who is ahead of a connection that meets a new epoch asks the hub about its own place', () => {
  const rig = new Rig({ most: 3 });
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`, { mark: { id: '#e1.100', at: 100, line: 'e1' } });
  b.want(`${base}topic=a`, { mark: { id: '#e1.120', at: 120, line: 'e1' } });
  rig.turn();
  rig.epoch = 'e2';
  rig.hello(100, 'resumed');
  rig.turn();
  const own = rig.place.sources.find(({ cursor }) => cursor === '#e1.120');
  assert.ok(own, 'the hub is asked about 120 too');
});

test('a stream that was ended for good is asked for anew by who wants it again', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want('https://x.example/s', { headers: '*' });
  rig.turn();
  rig.place.source.accept();
  rig.place.source.dispatchEvent(Object.assign(new Event('error'), { status: 204 }));
  assert.equal(a.reasons.at(-1), 'ended');
  rig.host.receive(a.name, { k: 'want', wanted: { id: 1, url: 'https://x.example/s', withCredentials: false, types: ['message'], headers: '*', mark: { id: '', at: NaN, line: '' } } });
  rig.turn();
  assert.equal(rig.place.sources.length, 2);
});

test('a stream that was ended for good says nothing to who comes later', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want('https://x.example/s', { headers: '*' });
  rig.turn();
  rig.place.source.accept();
  rig.place.source.dispatchEvent(Object.assign(new Event('error'), { status: 204 }));
  const b = rig.page();
  b.want('https://x.example/s', { headers: '*' });
  rig.turn();
  assert.equal(rig.place.sources.length, 2);
});

test('a hub that says hello late is a hub all the same', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.place.source.accept();
  rig.place.pass(2_500);
  rig.turn();
  rig.signal('hello', { epoch: 'e1', verdict: 'fresh', heartbeat: 1_000, limits: { matchers: 100 } }, `#e1.5`);
  rig.turn();
  rig.update(6, ['a']);
  assert.deepEqual(a.offsets, [6]);
});

test('an id that was used twice is resolved by the hub, which knows its first use', () => {
  const rig = new Rig({ most: 2 });
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10); // x was used at 5 too
  rig.update(11, ['a'], { id: 'x' });
  rig.update(12, ['a'], { id: 'y' });
  const b = rig.page();
  b.want(`${base}topic=a`, { mark: { id: 'x', at: NaN, line: '' } });
  rig.turn();
  assert.equal(rig.place.source.cursor, 'x');
});

test('a known hub that does not say hello is left', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.place.source.fail();
  rig.place.pass(1_000);
  rig.place.source.accept();
  const n = rig.place.sources.length;
  for (let i = 0; i < 100; i++) rig.place.pass(10_000);
  assert.ok(rig.place.sources.length > n, 'silent after head');
});

test('a known hub that does not answer is left', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.place.source.fail();
  rig.place.pass(1_000);
  const n = rig.place.sources.length;
  for (let i = 0; i < 100; i++) rig.place.pass(10_000);
  assert.ok(rig.place.sources.length > n, 'no head');
});

test('a hub that begins before the cursor, behind a gap, repeats nothing to the page', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.update(11, ['a']);
  rig.update(50, ['a']);
  rig.place.source.fail();
  rig.place.pass(30_000);
  rig.hello(9, 'gap');
  rig.signal('gap', { from: '#e1.50', to: '#e1.99', why: 'retention' });
  rig.update(11, ['a']);
  rig.update(50, ['a']);
  rig.update(100, ['a']);
  assert.deepEqual(a.offsets, [11, 50, 100]);
});

test('a token that is as short-lived as the one before makes no storm of connections', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`, { headers: '*' });
  rig.turn();
  for (let i = 0; i < 20; i++) {
    rig.hello(3, 'resumed');
    rig.signal('expiring', { at: 1, in: 25_000 });
  }
  assert.equal(rig.place.sources.length, 1);
});

test('what the hub refuses of one page does not starve the others', () => {
  const rig = new Rig({ most: 3 });
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(1);
  const bad = rig.page();
  bad.want(`${base}topic=bad`);
  rig.turn();
  const refuse = (): void => {
    for (const source of rig.place.sources) {
      if (source.readyState === 0 && source.url.includes('bad')) source.fail(true);
      else if (source.readyState === 0) rig.hello(1, 'resumed', rig.place.sources.indexOf(source));
    }
  };
  for (let i = 0; i < 5; i++) {
    refuse();
    rig.turn();
    rig.place.pass(2_000);
  }
  const served = rig.place.sources.filter(({ readyState }) => readyState === 1);
  assert.deepEqual(served.map(({ url }) => new URL(url).searchParams.getAll('topic')), [['a']]);
  rig.update(2, ['a'], {}, served[0]);
  assert.deepEqual([a.offsets, bad.offsets, bad.states.at(-1)], [[2], [], 'retrying']);
  // Who comes later is not drawn in.
  const c = rig.page();
  c.want(`${base}topic=c`);
  rig.turn();
  refuse();
  rig.update(3, ['c'], {}, rig.place.sources.filter(({ readyState }) => readyState === 1).at(-1));
  assert.deepEqual(c.offsets, [3]);
});

test('who comes first with what the hub refuses does not starve those who come later', () => {
  const rig = new Rig({ most: 3 });
  const bad = rig.page();
  const a = rig.page();
  bad.want(`${base}topic=bad`);
  a.want(`${base}topic=a`);
  for (let i = 0; i < 8 && !rig.place.sources.some(({ readyState }) => readyState === 1); i++) {
    rig.place.pass(5_000);
    rig.turn();
    for (const [n, { readyState, url }] of rig.place.sources.entries()) {
      if (readyState === 0 && url.includes('bad')) rig.place.sources[n]?.fail(true);
      else if (readyState === 0) rig.hello(1, 'fresh', n);
    }
  }
  rig.update(2, ['a'], {}, rig.place.sources.find(({ readyState }) => readyState === 1));
  assert.deepEqual(a.offsets, [2]);
});

test('those who come while the hub is away share its connection when it is back', () => {
  const rig = new Rig({ most: Infinity });
  const pages = ['a', 'b', 'c', 'd'].map((topic) => {
    const page = rig.page();
    page.want(`${base}topic=${topic}`);
    return page;
  });
  rig.turn();
  for (let i = 0; i < 10; i++) {
    for (const source of rig.place.sources) if (source.readyState === 0) source.fail(true);
    rig.turn();
    rig.place.pass(31_000);
  }
  assert.ok(rig.open <= 2, `${rig.open} connections`);
  for (let i = 0; i < 6; i++) {
    for (const [n, { readyState }] of rig.place.sources.entries()) if (readyState === 0) rig.hello(1, 'fresh', n);
    rig.turn();
  }
  assert.equal(rig.open, 1);
  rig.update(2, ['a', 'b', 'c', 'd']);
  assert.deepEqual(pages.map(({ offsets }) => offsets), [[2], [2], [2], [2]]);
});

test('who comes from before a gap in mid-stream is not served from what is kept, but is told too', () => {
  const rig = new Rig();
  const a = rig.page();
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(10);
  rig.update(11, ['a']);
  rig.signal('gap', { from: '#e1.11', to: '#e1.20', why: 'retention' });
  rig.update(21, ['a']);
  const b = rig.page();
  b.want(`${base}topic=a`, { mark: { id: '#e1.11', at: 11, line: 'e1' } });
  assert.deepEqual(b.offsets, []);
  rig.turn();
  assert.equal(rig.place.source.cursor, '#e1.11');
  rig.hello(20, 'gap');
  rig.signal('gap', { from: '#e1.11', to: '#e1.20', why: 'retention' });
  rig.update(21, ['a']);
  assert.deepEqual([a.offsets, b.offsets, b.gaps], [[11, 21], [21], ['retention']]);
});

test('a gap is told before the place behind it, which a page may have heard last', () => {
  const place = new FakePlace();
  const told: string[] = [];
  const host = new Host((_to, tell) => told.push(tell.k), place);
  const mark = { id: '#e1.3', at: 3, line: 'e1' };
  host.receive('p', { k: 'want', wanted: { id: 1, url: `${base}topic=a`, withCredentials: false, types: ['message'], mark } });
  place.turn();
  place.source.accept();
  const send = (name: string, data: unknown): void => place.source.send({ type: `tidings.${name}`, data: JSON.stringify(data) });
  send('hello', { epoch: 'e1', position: '#e1.5', verdict: 'gap', heartbeat: 0 });
  send('gap', { from: '#e1.3', to: '#e1.5', why: 'retention' });
  assert.deepEqual(told.filter((k) => k !== 'state'), ['gap', 'mark']);
});

test('a stream that is lost before its hello does not make the hub another server', () => {
  const rig = new Rig();
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`);
  b.want(`${base}topic=b`);
  rig.turn();
  rig.place.source.accept();
  rig.place.source.fail();
  rig.place.pass(2_500);
  assert.deepEqual(rig.query('topic'), ['a', 'b']);
  rig.hello(1);
  rig.update(2, ['a', 'b']);
  assert.deepEqual([a.offsets, b.offsets, rig.open], [[2], [2], 1]);
});

test('what only those wanted who have left is not asked for again when it is refused', () => {
  const rig = new Rig();
  const [bad, a] = [rig.page(), rig.page()];
  bad.want(`${base}topic=bad`);
  a.want(`${base}topic=a`);
  rig.turn();
  bad.gone();
  for (let i = 0; i < 2; i++) {
    assert.equal(rig.query('topic').includes('bad'), i === 0);
    if (i === 0) rig.place.source.fail(true);
    rig.place.pass(2_000);
  }
  rig.hello(1);
  rig.update(2, ['a']);
  assert.deepEqual(a.offsets, [2]);
});

test('two that are refused do not starve a third for ever', () => {
  const rig = new Rig({ most: 3 });
  const [a, bad, worse] = [rig.page(), rig.page(), rig.page()];
  a.want(`${base}topic=a`);
  bad.want(`${base}topic=bad`);
  worse.want(`${base}topic=worse`);
  for (let i = 0; i < 40 && a.offsets.length === 0; i++) {
    rig.turn();
    for (const [n, { readyState, url }] of rig.place.sources.entries()) {
      if (readyState !== 0) continue;
      if (/bad|worse/.test(url)) rig.place.sources[n]?.fail(true);
      else rig.hello(1, 'fresh', n);
    }
    const served = rig.place.sources.find(({ readyState }) => readyState === 1);
    if (served) rig.update(2, ['a'], {}, served);
    rig.place.pass(31_000);
  }
  assert.deepEqual(a.offsets, [2]);
});

test('who joins while a stream is being replaced is not taken for served before the next one opens', () => {
  const rig = new Rig({ most: 4 });
  const [a, bad, worse, late] = [rig.page(), rig.page(), rig.page(), rig.page()];
  a.want(`${base}topic=a`);
  rig.turn();
  rig.hello(1);
  bad.want(`${base}topic=bad&topic=c`);
  rig.turn();
  worse.want(`${base}topic=bad`);
  late.want(`${base}topic=c`);
  rig.turn();
  assert.deepEqual([worse, late].map(({ states }) => states.includes('open')), [false, false]);
  for (let i = 0; i < 40 && late.offsets.length === 0; i++) {
    for (const [n, { readyState, url }] of rig.place.sources.entries()) {
      if (readyState !== 0) continue;
      if (url.includes('bad')) rig.place.sources[n]?.fail(true);
      else rig.hello(1, 'resumed', n);
    }
    rig.turn();
    for (const source of rig.place.sources) if (source.readyState === 1 && source.url.includes('topic=c')) rig.update(2, ['c'], {}, source);
    rig.place.pass(31_000);
    rig.turn();
  }
  assert.deepEqual(late.offsets, [2]);
});

test('streams that together are more than the hub takes are not united, though each of them would be', () => {
  const rig = new Rig({ most: 3 });
  const [a, b, c] = [rig.page(), rig.page(), rig.page()];
  c.want(`${base}topic=c`);
  rig.turn();
  rig.hello(1, 'fresh', -1, 2);
  const mark = { id: 'x', at: NaN, line: '' };
  a.want(`${base}topic=a`, { mark });
  b.want(`${base}topic=b`, { mark });
  rig.turn();
  assert.deepEqual(rig.query('topic'), ['a', 'b']);
  rig.hello(1, 'resumed', -1, 2);
  rig.turn();
  const topics = rig.place.sources.filter(({ readyState }) => readyState === 1).map(({ url }) => new URL(url).searchParams.getAll('topic'));
  assert.deepEqual(topics, [['c'], ['a', 'b']]);
  assert.equal(rig.place.sources.length, 2);
});

test('a connection that was never begun is not watched when the server turns out to be no hub', () => {
  const rig = new Rig({ most: 2 });
  const [a, b] = [rig.page(), rig.page()];
  a.want(`${base}topic=a`);
  rig.turn();
  b.want(`${base}topic=b`, { mark: { id: 'x', at: NaN, line: '' } });
  rig.place.source.accept();
  rig.place.source.send({ id: '1', data: 'x' });
  rig.host.stop();
  assert.equal(rig.place.timers, 0);
  rig.place.sleep(1_000_000);
  assert.equal(rig.open, 0);
});

test('who joins while what is asked for is refused is not taken for served, and tries alone', () => {
  const rig = new Rig({ most: 3 });
  const [good, bad, worse, late] = [rig.page(), rig.page(), rig.page(), rig.page()];
  good.want(`${base}topic=a`);
  rig.turn();
  rig.hello(1);
  bad.want(`${base}topic=bad&topic=c`);
  good.gone();
  rig.turn();
  const mark = { id: '#e1.1', at: 1, line: 'e1' };
  rig.place.source.fail(true);
  worse.want(`${base}topic=bad&topic=c`, { mark });
  bad.gone();
  late.want(`${base}topic=c`, { mark });
  for (let i = 0; i < 20 && late.offsets.length === 0; i++) {
    for (const [n, { readyState, url }] of rig.place.sources.entries()) {
      if (readyState === 0 && url.includes('bad')) rig.place.sources[n]?.fail(true);
      else if (readyState === 0) rig.hello(1, 'resumed', n);
    }
    const served = rig.place.sources.find(({ readyState }) => readyState === 1);
    if (served) rig.update(2, ['c'], {}, served);
    rig.place.pass(31_000);
    rig.turn();
  }
  assert.deepEqual(late.offsets, [2]);
});
