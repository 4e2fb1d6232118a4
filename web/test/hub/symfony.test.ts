// Requests in the shape in which symfony/mercure makes them, and pages with it: forms, tokens with the claim
// `mercure`, and URLs with `topic` and the cursor that the server's page was made at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hub } from './binary.js';
import { RawStream } from './raw-stream.js';
import { legacyToken } from './tokens.js';

const template = 'https://example.com/books/{id}';

/** Publishes as an application does: every value of an update, whether it is set or not, that is set. */
async function post(hub: Hub, body: string, token = legacyToken({ publish: ['*'] })): Promise<Response> {
  return fetch(hub.url, {
    method: 'POST',
    headers: { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/x-www-form-urlencoded', 'Accept': '*/*' },
    body,
  });
}

async function withHub(play: (hub: Hub) => Promise<void>): Promise<void> {
  const hub = await Hub.start();
  try {
    await play(hub);
  } finally {
    await hub.remove();
  }
}

test('an update is published by a form, and its id is the answer', { timeout: 60_000 }, () => withHub(async (hub) => {
  const watcher = await RawStream.open(`${hub.url}?topic=${encodeURIComponent(template)}`);
  const answer = await post(hub, 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F1&data=%7B%22status%22%3A%22OutOfStock%22%7D');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  const id = await answer.text();
  const own = await post(hub, 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F2&topic=urn%3Aalternate&data=a+b%0Ac&id=urn%3Auuid%3Ae1ee88e2&type=note&retry=2500');
  assert.equal(await own.text(), 'urn:uuid:e1ee88e2');
  // No book: the template does not match.
  assert.equal((await post(hub, 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F1%2Fpages&data=no')).status, 200);
  assert.equal((await post(hub, 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F3&data=last')).status, 200);
  const text = await watcher.upTo('data: last\n\n');
  watcher.close();
  const [first, second, third, ...others] = text.split('\n\n').map((event) => event.split('\n').sort());
  assert.deepEqual(first, ['data: {"status":"OutOfStock"}', `id: ${id}`]);
  assert.deepEqual(second, ['data: a b', 'data: c', 'event: note', 'id: urn:uuid:e1ee88e2', 'retry: 2500']);
  assert.equal(third?.[0], 'data: last');
  assert.deepEqual(others, [['']]);
}));

test('private updates go to whom the claim mercure grants them', { timeout: 60_000 }, () => withHub(async (hub) => {
  const url = `${hub.url}?topic=${encodeURIComponent(template)}`;
  const granted = legacyToken({ subscribe: [template] });
  const readers = await Promise.all([
    RawStream.open(url, { Authorization: `Bearer ${granted}` }),
    RawStream.open(url, { Cookie: `mercureAuthorization=${granted}` }),
    RawStream.open(`${url}&authorization=${granted}`),
  ]);
  const others = await Promise.all([RawStream.open(url), RawStream.open(url, { Authorization: `Bearer ${legacyToken({ subscribe: ['https://example.com/users/1'] })}` })]);
  assert.equal((await post(hub, 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F1&data=secret&private=on')).status, 200);
  assert.equal((await post(hub, 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F1&data=public')).status, 200);
  for (const reader of readers) assert.match(await reader.upTo('data: public\n\n'), /^id: .*\ndata: secret\n\nid: .*\ndata: public\n\n$/);
  for (const other of others) assert.match(await other.upTo('data: public\n\n'), /^id: .*\ndata: public\n\n$/);
  for (const stream of [...readers, ...others]) stream.close();
}));

test('publishing takes a token that grants every topic', { timeout: 60_000 }, () => withHub(async (hub) => {
  const body = 'topic=https%3A%2F%2Fexample.com%2Fbooks%2F1&topic=urn%3Aalternate&data=x';
  const granted = legacyToken({ publish: [template, 'urn:alternate'] });
  assert.equal((await post(hub, body, granted)).status, 200);
  assert.equal((await post(hub, body, legacyToken({ publish: [template] }))).status, 403);
  assert.equal((await post(hub, body, legacyToken({ subscribe: ['*'] }))).status, 403);
  assert.equal((await post(hub, body, granted.slice(0, -4) + 'AAAA')).status, 401);
  assert.equal((await fetch(hub.url, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body })).status, 401);
}));

for (const spelling of ['lastEventID', 'Last-Event-ID', 'last_event_id']) {
  test(`a page resumes where it was made, by ${spelling} in the URL`, { timeout: 60_000 }, () => withHub(async (hub) => {
    const ids = [];
    for (let n = 1; n <= 4; n++) ids.push(await (await post(hub, `topic=https%3A%2F%2Fexample.com%2Fbooks%2F${n}&data=${n}`)).text());
    const [, second = ''] = ids;
    const url = `${hub.url}?topic=${encodeURIComponent(template)}&${spelling}=${encodeURIComponent(second)}`;
    const page = await RawStream.open(url);
    assert.equal(page.status, 200);
    assert.equal(page.headers['content-type'], 'text/event-stream');
    assert.equal(page.headers['last-event-id'], second);
    assert.equal(page.headers['mercure-last-event-id'], second);
    assert.equal(await page.upTo('data: 4\n\n'), `id: ${ids[2]}\ndata: 3\n\nid: ${ids[3]}\ndata: 4\n\n`);
    page.close();

    // When it comes back by itself, the header has the newer cursor, and counts.
    const back = await RawStream.open(url, { 'Last-Event-ID': ids[2] ?? '' });
    assert.equal(back.headers['last-event-id'], ids[2]);
    assert.equal(await back.upTo('data: 4\n\n'), `id: ${ids[3]}\ndata: 4\n\n`);
    back.close();
  }));
}

test('a page that knows no cursor gets no header about it, and one with a lost cursor learns that it is lost', { timeout: 60_000 }, () => withHub(async (hub) => {
  const fresh = await RawStream.open(`${hub.url}?topic=*`);
  assert.equal(fresh.headers['last-event-id'], undefined);
  assert.equal(fresh.headers['mercure-last-event-id'], undefined);
  fresh.close();
  assert.equal((await post(hub, 'topic=urn%3Aa&data=1')).status, 200);
  const lost = await RawStream.open(`${hub.url}?topic=urn%3Aa&lastEventID=urn%3Auuid%3Anobody`);
  assert.equal(lost.headers['last-event-id'], 'earliest');
  assert.match(await lost.upTo('data: 1\n\n'), /^id: .*\ndata: 1\n\n$/);
  lost.close();
}));
