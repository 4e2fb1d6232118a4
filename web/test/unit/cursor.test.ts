import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../../src/cursor.js';

const hub = 'https://hub.example/s';

for (const { name, url, id, want } of [
  { name: 'no query', url: hub, id: '7', want: `${hub}?last_event_id=7` },
  { name: 'a query', url: `${hub}?topic=a`, id: '7', want: `${hub}?topic=a&last_event_id=7` },
  { name: 'its own spelling', url: `${hub}?last_event_id=1&topic=a`, id: '7', want: `${hub}?topic=a&last_event_id=7` },
  { name: 'the old spelling', url: `${hub}?topic=a&lastEventID=1`, id: '7', want: `${hub}?topic=a&last_event_id=7` },
  { name: "the header's spelling", url: `${hub}?Last-Event-ID=1`, id: '7', want: `${hub}?last_event_id=7` },
  { name: 'every spelling at once', url: `${hub}?last_event_id=1&lastEventID=2&Last-Event-ID=3&last_event_id`, id: '7', want: `${hub}?last_event_id=7` },
  { name: 'an escaped spelling', url: `${hub}?last%5Fevent%5Fid=1`, id: '7', want: `${hub}?last_event_id=7` },
  { name: 'a name that only resembles it', url: `${hub}?my_last_event_id=1`, id: '7', want: `${hub}?my_last_event_id=1&last_event_id=7` },
  { name: 'a query that is not touched otherwise', url: `${hub}?topic=https://a/{b}&x=a+b%20c&&y`, id: '7', want: `${hub}?topic=https://a/{b}&x=a+b%20c&&y&last_event_id=7` },
  { name: 'a fragment', url: `${hub}?a=1#f`, id: '7', want: `${hub}?a=1&last_event_id=7#f` },
  { name: 'an id as the hub makes them', url: hub, id: '#3f2a.17', want: `${hub}?last_event_id=%233f2a.17` },
  { name: 'an id with blanks and signs', url: hub, id: ' a+b&c=d%', want: `${hub}?last_event_id=%20a%2Bb%26c%3Dd%25` },
  { name: 'an id beyond ASCII', url: hub, id: 'é', want: `${hub}?last_event_id=%C3%A9` },
]) {
  test(`the cursor goes into the URL: ${name}`, () => {
    const cursor = new Cursor('');
    cursor.see(id);
    assert.equal(cursor.applyTo(url), want);
    assert.equal(new URL(want).searchParams.get('last_event_id'), id);
  });
}

test('before any id the URL stays as written, also a cursor in it', () => {
  const cursor = new Cursor('');
  cursor.begin();
  cursor.see('');
  assert.equal(cursor.applyTo(`${hub}?last_event_id=5`), `${hub}?last_event_id=5`);
});

test('an initial cursor replaces one in the URL', () => {
  assert.equal(new Cursor('9').applyTo(`${hub}?last_event_id=5`), `${hub}?last_event_id=9`);
});

test('an event without an id keeps the cursor, also first on a new stream', () => {
  const cursor = new Cursor('');
  assert.equal(cursor.see('4'), '4');
  assert.equal(cursor.see('4'), '4');
  cursor.begin();
  assert.equal(cursor.see(''), '4');
  assert.equal(cursor.id, '4');
});

test('an empty id clears the cursor, and any in the URL with it', () => {
  const cursor = new Cursor('3');
  cursor.begin();
  cursor.see('4');
  assert.equal(cursor.see(''), '');
  assert.equal(cursor.id, '');
  assert.equal(cursor.applyTo(`${hub}?last_event_id=1`), hub);
  assert.equal(cursor.applyTo(`${hub}?last_event_id=1&topic=a`), `${hub}?topic=a`);
});

test('a cleared cursor is set again by the next id', () => {
  const cursor = new Cursor('');
  cursor.see('4');
  cursor.see('');
  cursor.see('6');
  assert.equal(cursor.applyTo(hub), `${hub}?last_event_id=6`);
});

test('a stream that was told the cursor clears it with its first event', () => {
  const cursor = new Cursor('');
  cursor.see('7');
  cursor.begin(true);
  assert.equal(cursor.see('7'), '7');
  assert.equal(cursor.see(''), '');
  cursor.see('8');
  cursor.begin(true);
  assert.equal(cursor.see(''), '');
  assert.equal(cursor.applyTo(`${hub}?last_event_id=5`, true), hub);
});

test('a stream that was told none leaves a cursor in the URL where it is', () => {
  const cursor = new Cursor('');
  cursor.begin(true);
  assert.equal(cursor.see(''), '');
  assert.equal(cursor.applyTo(`${hub}?last_event_id=5`, true), `${hub}?last_event_id=5`);
});
