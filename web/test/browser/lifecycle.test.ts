import assert from 'node:assert/strict';
import type { EventSourceElement } from '../../src/index.js';
import { eventually, scene, streams, until } from './harness.js';
import { StreamServer } from './stream-server.js';

scene('removal closes the connection; insertion goes on from the cursor', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.emit('one');
  await eventually('the events', data, ['one']);
  await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    Object.assign(window, { element });
    element.remove();
  });
  await streams(server, 0);
  assert.equal(await page.evaluate(() => (window as unknown as { element: EventSourceElement }).element.state), 'closed');
  server.emit('while away');
  await page.evaluate(() => document.body.append((window as unknown as { element: EventSourceElement }).element));
  await eventually('the events', data, ['one', 'while away']);
  assert.equal(server.requests.length, 2);
});

scene('ten moves make no new connection', async ({ server, page, load, data, recording }) => {
  await load('<div id="a"><event-source src="/stream"></event-source></div><div id="b"></div>');
  await streams(server, 1);
  server.emit('before');
  await eventually('the events', data, ['before']);
  await page.evaluate(async () => {
    const element = document.querySelector('event-source')!;
    for (let i = 0; i < 10; i++) {
      document.querySelector(i % 2 === 0 ? '#b' : '#a')!.append(element);
      // Some within one task, some each in its own.
      if (i >= 5) await new Promise((resolve) => setTimeout(resolve));
    }
  });
  server.emit('after');
  await eventually('the events', data, ['before', 'after']);
  assert.equal(server.requests.length, 1);
  assert.equal((await recording()).states.length, 2);
});

scene('another src connects there, once for all changes, without the old cursor', async ({ server, page, load, data, recording }) => {
  await load('<event-source src="/stream/a"></event-source>');
  await streams(server, 1);
  server.emit('a');
  await eventually('the events', data, ['a']);
  await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    element.src = '/stream/wrong';
    element.src = '/stream/b';
    element.events = 'est';
  });
  await until('the next request', () => server.requests.length, (count) => count === 2);
  await streams(server, 1);
  server.emit('b', 'est');
  await eventually('the events', data, ['a', 'b']);
  assert.deepEqual(server.requests.map(({ path, query }) => [path, query.toString()]), [['/stream/a', ''], ['/stream/b', '']]);
  assert.deepEqual((await recording()).states.map(({ state }) => state), ['connecting', 'open', 'connecting', 'open']);
});

scene('the same src again changes nothing', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  await page.evaluate((url) => {
    const element = document.querySelector('event-source')!;
    element.src = '/stream';
    element.src = url;
  }, `${server.origin}/stream`);
  server.emit('still here');
  await eventually('the events', data, ['still here']);
  assert.equal(server.requests.length, 1);
});

scene('no src, and one that is no URL', async ({ server, page, load, state, recording }) => {
  await load('<event-source></event-source>');
  assert.equal(await state(), 'idle');
  const setSrc = (src: string | null): Promise<void> =>
    page.evaluate((value) => {
      const element = document.querySelector('event-source')!;
      if (value === null) element.removeAttribute('src');
      else element.src = value;
    }, src);
  await setSrc('http://[');
  assert.equal((await recording()).states.at(-1)?.reason, 'invalid-src');
  await setSrc('/stream');
  await streams(server, 1);
  await setSrc('');
  await streams(server, 0);
  assert.equal((await recording()).states.at(-1)?.reason, 'no-src');
  await setSrc('/stream');
  await streams(server, 1);
  await setSrc(null);
  await streams(server, 0);
  assert.equal(await state(), 'closed');
});

scene('properties without a value are attributes that are not there', async ({ server, page, load }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  for (const nothing of [undefined, null]) {
    const attributes = await page.evaluate((nothing) => {
      const element = document.querySelector('event-source')!;
      Object.assign(element, { src: '/stream', events: ['a', 'b'], share: 'none' });
      const before = element.getAttributeNames().sort();
      Object.assign(element, { src: nothing, events: nothing, share: nothing });
      return [before, element.getAttributeNames()];
    }, nothing);
    assert.deepEqual(attributes, [['events', 'share', 'src'], []]);
  }
  await streams(server, 0);
  assert.deepEqual(server.requests.map(({ path }) => path), ['/stream']);
});

scene('properties that were set before the definition count', async ({ server, page, load, data }) => {
  await load('');
  server.body = `
    <event-source></event-source>
    <script>
      const element = document.querySelector('event-source');
      Object.assign(element, { src: '/stream', events: ['est'], onmessage: (event) => (document.title = event.data) });
    </script>
    <script type="module" src="/tidings.js"></script>`;
  await page.goto(server.origin);
  await streams(server, 1);
  server.emit('e', 'est');
  server.emit('title');
  await eventually('the events', data, ['e', 'title']);
  assert.equal(await page.title(), 'title');
});

scene('the classic script, before the body and twice', async ({ server, page, data }) => {
  server.body = `
    <script src="/tidings.iife.js"></script><script src="/tidings.iife.js"></script>
    <event-source src="/stream"><p data-sse-state="retrying">retrying</p><b data-sse="message"></b></event-source>`;
  await page.goto(server.origin);
  await streams(server, 1);
  server.emit('x');
  await eventually('the events', data, ['x']);
  await eventually('the binding', () => page.locator('b').textContent(), 'x');
  assert.equal(await page.locator('p').isVisible(), false);
  assert.equal(server.requests.length, 1);
  assert.equal(await page.evaluate(() => typeof (window.Tidings as { EventSourceElement: unknown }).EventSourceElement), 'function');
});

scene('a page that is left closes its stream, and goes on from the cursor when it comes back', async (stage) => {
  const { server, page, load, data, recording } = stage;
  await load('<event-source src="/stream" share="leader"></event-source><a href="/other">other</a>');
  await streams(server, 1);
  server.emit('before');
  await eventually('the events', data, ['before']);
  await page.evaluate(() => Object.assign(window, { mark: 'the same page' }));
  server.body = 'another page';
  await page.click('a');
  await page.waitForURL('**/other');
  await streams(server, 0);
  server.emit('while away');
  server.emit('while away too');
  await page.goBack({ waitUntil: 'commit' });
  assert.equal(await page.evaluate(() => (window as unknown as { mark: string }).mark), 'the same page', 'it came out of the cache');
  await streams(server, 1);
  server.emit('after');
  await eventually('the events', data, ['before', 'while away', 'while away too', 'after']);
  assert.deepEqual(
    (await recording()).states.map(({ state, reason }) => `${state} ${reason}`),
    ['connecting start', 'open connected', 'closed pagehide', 'connecting pageshow', 'open connected'],
  );
  assert.equal(server.requests.length, 2);
});

scene('a source that is made as the page comes back connects', async ({ server, page, load }) => {
  await load(`<a href="/other">other</a><script type="module">
    import { SharedEventSource } from '/tidings.js';
    addEventListener('pageshow', () => (window.source = new SharedEventSource('/stream', { share: 'leader' })));
    addEventListener('pagehide', () => source.close());
  </script>`);
  await streams(server, 1);
  await page.evaluate(() => Object.assign(window, { mark: 'the same page' }));
  await page.click('a');
  await page.waitForURL('**/other');
  await streams(server, 0);
  await page.goBack({ waitUntil: 'commit' });
  assert.equal(await page.evaluate(() => (window as unknown as { mark: string }).mark), 'the same page', 'it came out of the cache');
  await streams(server, 1);
});

for (const { name, attribute, cookie } of [
  { name: 'go along with with-credentials', attribute: 'with-credentials', cookie: 'who=tester' },
  { name: 'stay at home without it', attribute: '', cookie: undefined },
]) {
  scene(`cookies for another origin ${name}`, async ({ server, load, data }) => {
    const other = await StreamServer.start();
    try {
      await load(`<event-source src="${other.origin}/stream" ${attribute}></event-source>`);
      await streams(other, 1);
      assert.equal(other.requests[0]?.headers.origin, server.origin);
      assert.equal(other.requests[0]?.headers.cookie, cookie);
      other.emit('from afar');
      await eventually('the events', data, ['from afar']);
    } finally {
      await other.down();
    }
  });
}

scene('with-credentials alone connects anew, from the cursor', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.emit('one');
  await eventually('the events', data, ['one']);
  await page.evaluate(() => {
    document.querySelector('event-source')!.withCredentials = true;
  });
  await until('the next request', () => server.requests.length, (count) => count === 2);
  await streams(server, 1);
  assert.equal(server.requests[1]?.query.get('last_event_id'), '1');
});
