import assert from 'node:assert/strict';
import { eventually, expire, scene, streams, until } from './harness.js';

scene('a template is copied for each event, in its order and up to its limit', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream" events="bid">
      <ul><template data-sse-for="bid" data-sse-limit="3"><li><b data-sse data-sse-path="who"></b> <i data-sse-path="price" data-sse-attr="title"></i></li></template></ul>
      <ol><template data-sse-for="bid message" data-sse-limit="2" data-sse-insert="prepend"><li data-sse></li></template></ol>
    </event-source>`);
  await streams(server, 1);
  const items = (list: string): Promise<string[]> => page.locator(`${list} li`).allTextContents();
  server.emit('{"who":"a","price":1}', 'bid');
  await eventually('the list', () => items('ul'), ['a ']);
  for (const [who, price] of [['b', 2], ['c', 3], ['d', 4]] as const) server.emit(JSON.stringify({ who, price }), 'bid');
  await eventually('the list', () => items('ul'), ['b ', 'c ', 'd ']);
  assert.deepEqual(await page.locator('ul i').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('title'))), ['2', '3', '4']);
  await eventually('the other list', () => items('ol'), ['{"who":"d","price":4}', '{"who":"c","price":3}']);
  server.emit('plain');
  await eventually('the other list', () => items('ol'), ['plain', '{"who":"d","price":4}']);
});

scene('copies whose nodes the page has moved or taken away do not swallow those that follow', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream">
      <ul><template data-sse-for="message" data-sse-limit="3"><li data-sse></li> </template></ul><ol></ol>
    </event-source>`);
  await streams(server, 1);
  const items = (list: string): Promise<string[]> => page.locator(`${list} li`).allTextContents();
  server.emit('1');
  server.emit('2');
  await eventually('the list', () => items('ul'), ['1', '2']);
  await page.evaluate(() => {
    const list = document.querySelector('ul')!;
    // The blanks behind the items go, and the first item goes elsewhere.
    list.replaceChildren(list.querySelector('template')!, ...list.querySelectorAll('li'));
    document.querySelector('ol')!.append(list.querySelector('li')!);
  });
  server.emit('3');
  server.emit('4');
  await eventually('the list', () => items('ul'), ['2', '3', '4']);
  server.emit('5');
  await eventually('the list', () => items('ul'), ['3', '4', '5']);
  assert.deepEqual(await items('ol'), ['1'], 'what lies elsewhere is the page\'s own');
});

scene('copies hold text, not markup', async ({ server, page, load }) => {
  await load('<event-source src="/stream"><template data-sse-for="message"><p data-sse></p></template></event-source>');
  await streams(server, 1);
  server.emit('<img src=x onerror="window.hit=1">');
  await eventually('the copy', () => page.locator('p').allTextContents(), ['<img src=x onerror="window.hit=1">']);
  assert.equal(await page.locator('p *').count(), 0);
});

scene('properties, and markup where it is asked for', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream">
      <input data-sse="message" data-sse-path="n" data-sse-prop="valueAsNumber" type="number">
      <p data-sse="message" data-sse-path="html" data-sse-html></p>
      <u data-sse="message" data-sse-path="html" data-sse-prop="innerHTML">as served</u>
    </event-source>`);
  await streams(server, 1);
  server.emit('{"n":7,"html":"<em>so</em>"}');
  await eventually('the property', () => page.locator('input').inputValue(), '7');
  await eventually('the markup', () => page.locator('p em').allTextContents(), ['so']);
  assert.equal(await page.locator('u').textContent(), 'as served', 'markup only where it is asked for by its name');
});

scene('json gives listeners values', async ({ server, page, load }) => {
  await load('<event-source src="/stream" json></event-source>');
  await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    Object.assign(window, { heard: [] });
    element.onmessage = ({ data }) => (window as unknown as { heard: unknown[] }).heard.push(data);
  });
  await streams(server, 1);
  server.emit('{"a":1}');
  await eventually('what was heard', () => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard), [{ a: 1 }]);
});

scene('a fragment that is swapped within a second keeps its connection', async ({ server, page, load, data }) => {
  await load('<main><event-source src="/stream"></event-source></main>');
  await streams(server, 1);
  server.emit('before');
  await eventually('the events', data, ['before']);
  await page.evaluate(() => {
    document.querySelector('main')!.innerHTML = '<event-source src="/stream"></event-source>';
  });
  await until('the new element', () => page.evaluate(() => document.querySelector('event-source')!.state), (state) => state === 'open');
  server.emit('after');
  await eventually('the events', data, ['before', 'after']);
  assert.equal(server.requests.length, 1);
});

scene('persist goes on from where the page was before its reload', async ({ server, page, load, data }) => {
  // Chromium freezes a worker whose last page is in the back/forward cache, now and then before it closes its stream.
  await load('<event-source src="/stream" persist="session" share="leader"></event-source>');
  await streams(server, 1);
  server.emit('one');
  await eventually('the events', data, ['one']);
  await page.goto('about:blank');
  await streams(server, 0);
  server.emit('while away');
  await page.goto(server.origin);
  await eventually('the events', data, ['while away']);
  server.emit('two');
  await eventually('the events', data, ['while away', 'two']);
});

scene('when="visible" has no stream out of sight, and misses nothing', async ({ server, page, load, data, state }) => {
  const turn = (visibilityState: string): Promise<void> => page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibilityState);
  await load('<event-source src="/stream" when="visible"></event-source>');
  await streams(server, 1);
  server.emit('seen');
  await eventually('the events', data, ['seen']);
  await turn('hidden');
  await streams(server, 0);
  assert.equal(await state(), 'closed');
  server.emit('missed');
  await turn('visible');
  await eventually('the events', data, ['seen', 'missed']);
  await page.evaluate(() => document.querySelector('event-source')!.close());
  await turn('hidden');
  await turn('visible');
  assert.equal(await state(), 'closed', 'it stays closed');
});

scene('when="visible" comes back out of the back/forward cache', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream" share="leader" when="visible"></event-source><a href="/other">other</a>');
  await streams(server, 1);
  server.emit('before');
  await eventually('the events', data, ['before']);
  await page.evaluate(() => Object.assign(window, { mark: 'the same page' }));
  await page.click('a');
  await page.waitForURL('**/other');
  await streams(server, 0);
  server.emit('while away');
  await page.goBack({ waitUntil: 'commit' });
  assert.equal(await page.evaluate(() => (window as unknown as { mark: string }).mark), 'the same page', 'it came out of the cache');
  await eventually('the events', data, ['before', 'while away']);
});

scene('what a server has ended with 204 is begun again only when that is asked for', async ({ server, page, load, state }) => {
  const turn = (visibilityState: string): Promise<void> => page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibilityState);
  server.answer = { kind: 'status', status: 204 };
  await load('<main></main><a href="/other">other</a>');
  await page.evaluate(() => {
    const element = document.createElement('event-source');
    element.src = '/stream';
    element.share = 'leader';
    element.setAttribute('when', 'visible');
    element.headers = { 'X-Any': '1' };
    document.querySelector('main')!.append(element);
  });
  await until('the end', state, (now) => now === 'closed');
  for (const change of [
    () => document.querySelector('event-source')!.setAttribute('events', 'other'),
    () => document.body.append(document.querySelector('event-source')!),
    () => document.querySelector('event-source')!.toggleAttribute('paused'),
    () => document.querySelector('event-source')!.toggleAttribute('paused'),
  ]) {
    await page.evaluate(change);
    assert.equal(await page.evaluate(() => document.querySelector('event-source')!.error), 'ended');
  }
  await turn('hidden');
  await turn('visible');
  await page.click('a');
  await page.waitForURL('**/other');
  await page.goBack({ waitUntil: 'commit' });
  server.answer = { kind: 'stream' };
  assert.deepEqual([await state(), server.requests.length], ['closed', 1]);
  await page.evaluate(() => document.querySelector('event-source')!.open());
  await streams(server, 1);
  assert.equal(server.requests.length, 2, 'the first that was made since');
});

scene('another address is asked, also after one that has ended with 204', async ({ server, page, load, state }) => {
  server.answer = { kind: 'status', status: 204 };
  await load('<main></main>');
  await page.evaluate(() => {
    const element = document.createElement('event-source');
    element.src = '/stream';
    element.headers = { 'X-Any': '1' };
    document.querySelector('main')!.append(element);
  });
  await until('the end', state, (now) => now === 'closed');
  server.answer = { kind: 'stream' };
  await page.evaluate(() => {
    document.querySelector('event-source')!.src = '/stream/other';
  });
  await streams(server, 1);
});

scene('other headers go on from the exact place, before the first event and after one whose id says little', async ({ hub, page, load }) => {
  hub.publish('a', 'old', { id: 'again' });
  await load('<event-source src="/hub?topic=a"><b data-sse="message"></b></event-source>');
  const opened = (): Promise<boolean> => page.evaluate(() => document.querySelector('event-source')!.state === 'open');
  const renew = (value: string): Promise<void> => page.evaluate((value) => {
    document.querySelector('event-source')!.headers = { Authorization: value };
  }, value);
  await until('the stream', opened, Boolean);
  await renew('1');
  await until('the next request', () => hub.requests.length, (count) => count === 2);
  await until('the stream', opened, Boolean);
  hub.publish('a', 'new', { id: 'again' });
  await eventually('the text', () => page.locator('b').textContent(), 'new');
  assert.equal(await page.evaluate(() => document.querySelector('event-source')!.lastEventId), 'again');
  await renew('2');
  await until('the next request', () => hub.requests.length, (count) => count === 3);
  assert.deepEqual(hub.requests.map(({ cursor }) => cursor), [undefined, '#e1.1', '#e1.2']);
});

scene('another function for headers is asked from then on, without a new connection', async ({ hub, page, load }) => {
  await load('<main></main>');
  await page.evaluate(() => {
    const element = document.createElement('event-source');
    element.src = '/hub?topic=a';
    element.headers = () => ({ Authorization: 'first' });
    document.querySelector('main')!.append(element);
  });
  await until('the stream', () => hub.open, (open) => open === 1);
  await page.evaluate(async () => {
    document.querySelector('event-source')!.headers = () => ({ Authorization: 'second' });
    await Promise.resolve();
  });
  assert.equal(hub.requests.length, 1);
  await hub.cut();
  await until('the next request', () => hub.requests.length, (count) => count === 2);
  assert.deepEqual(hub.requests.map(({ authorization }) => authorization), ['first', 'second']);
});

scene('without the headers that could not be made no request is made', async ({ hub, page, load, recording }) => {
  await load('<main></main>');
  await page.evaluate(() => {
    addEventListener('error', (event) => event.preventDefault());
    let n = 0;
    const element = document.createElement('event-source');
    element.src = '/hub?topic=a';
    element.headers = async () => {
      if ((n += 1) < 3) throw new Error('no token');
      return { Authorization: 'Bearer token' };
    };
    document.querySelector('main')!.append(element);
  });
  await until('the stream', () => hub.open, (open) => open === 1);
  assert.deepEqual(hub.requests.map(({ authorization }) => authorization), ['Bearer token']);
  const { states } = await until('the open stream', recording, (seen) => seen.states.at(-1)?.state === 'open');
  assert.deepEqual(states.map(({ reason }) => reason), ['start', 'refused', 'timer', 'refused', 'timer', 'connected']);
});

scene('persist="local" keeps what another tab had, when a tab that is long closed is touched', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream" persist="local"></event-source>');
  await streams(server, 1);
  server.emit('one');
  await eventually('the events', data, ['one']);
  const kept = await page.evaluate(async () => {
    const element = document.querySelector('event-source')!;
    const key = `tidings:${element.url}`;
    element.close();
    const own = localStorage.getItem(key);
    localStorage.setItem(key, '7');
    element.setAttribute('events', 'other');
    await Promise.resolve();
    return [own, localStorage.getItem(key)];
  });
  assert.deepEqual(kept, ['1', '7']);
});

for (const share of ['auto', 'worker', 'leader', 'none'] as const) {
  scene(`share="${share}" is what the state tells`, async ({ server, page, load, recording, data }) => {
    await load(`<event-source src="/stream" share="${share}"></event-source>`);
    const { states } = await until('the open stream', recording, (seen) => seen.states.at(-1)?.state === 'open');
    assert.equal(states.at(-1)?.role, { auto: 'worker', worker: 'worker', leader: 'leader', none: 'direct' }[share]);
    await streams(server, 1);
    server.emit('x');
    await eventually('the events', data, ['x']);
    assert.equal(await page.evaluate(() => document.querySelector('event-source')!.role), null, 'the role of accessibility is another one');
  });
}

scene('a hub in two elements of different topics: one connection, own events, gaps told', async ({ hub, page, load }) => {
  await load(`
    <event-source id="a" src="/hub?topic=a"><b data-sse="message"></b></event-source>
    <event-source id="b" src="/hub?topic=b"><b data-sse="message"></b></event-source>`);
  await page.evaluate(() => {
    Object.assign(window, { gaps: [] });
    document.addEventListener('sse:gap', ({ detail, target }) => (window as unknown as { gaps: unknown[] }).gaps.push([(target as Element).id, detail.why]));
  });
  await until('both', () => page.evaluate(() => [...document.querySelectorAll('event-source')].every(({ state }) => state === 'open')), Boolean);
  hub.publish('a', 'for a');
  hub.publish('b', 'for b');
  await eventually('the texts', () => page.locator('b').allTextContents(), ['for a', 'for b']);
  await until('one connection', () => hub.open, (open) => open === 1); // the server may notice the end of the first a little later
  hub.floor = 10;
  for (let i = 0; i < 20; i++) hub.log.push({ offset: hub.log.length + 1, topics: ['c'], data: '', type: '', id: `x${i}` });
  await hub.cut();
  await eventually('the gaps', () => page.evaluate(() => (window as unknown as { gaps: unknown[] }).gaps), [['a', 'retention'], ['b', 'retention']]);
  hub.publish('a', 'later');
  await eventually('the texts', () => page.locator('b').allTextContents(), ['later', 'for b']);
});

for (const share of ['worker', 'leader', 'none'] as const) {
  scene(`headers and a token that ends, with share="${share}"`, async ({ hub, page, load }) => {
    await load('<main></main>');
    await page.evaluate((share) => {
      let n = 0;
      const element = document.createElement('event-source');
      element.src = '/hub?topic=a';
      element.share = share;
      element.headers = () => ({ Authorization: `Bearer ${(n += 1)}` });
      element.innerHTML = '<b data-sse="message"></b>';
      document.querySelector('main')!.append(element);
    }, share);
    await until('the stream', () => hub.open, (open) => open === 1);
    hub.publish('a', 'one', { id: 'ü…\u{1f680}' });
    await eventually('the text', () => page.locator('b').textContent(), 'one');
    await expire(hub);
    await until('the stream', () => hub.open, (open) => open === 1);
    hub.publish('a', 'two');
    await eventually('the text', () => page.locator('b').textContent(), 'two');
    assert.deepEqual(hub.requests.map(({ authorization, query, cursor }) => [authorization, query.has('last_event_id'), cursor]), [['Bearer 1', false, undefined], ['Bearer 2', false, '#e1.1']]);
  });
}

scene('a cursor that is not ASCII goes into the header as UTF-8', async ({ hub, page, load, data }) => {
  hub.publish('a', 'known', { id: 'ü…\u{1f680}' });
  hub.publish('a', 'missed');
  await load('<main></main>');
  await page.evaluate(() => {
    const element = document.createElement('event-source');
    element.src = '/hub?topic=a';
    element.setAttribute('last-event-id', 'ü…\u{1f680}');
    element.headers = { 'X-Any': '1' };
    document.querySelector('main')!.append(element);
  });
  await eventually('the events', data, ['missed']);
  assert.equal(hub.requests[0]?.cursor, 'ü…\u{1f680}');
});

scene('the hub says goodbye, and when to come back', async ({ hub, load, recording }) => {
  await load('<event-source src="/hub?topic=a"></event-source>');
  await until('the stream', () => hub.open, (open) => open === 1);
  hub.bye(1_000);
  const { states } = await until('the wait', recording, (seen) => seen.states.some(({ reason }) => reason === 'lost'));
  const wait = states.find(({ reason }) => reason === 'lost')?.nextRetryMs ?? 0;
  assert.ok(wait >= 1_000 && wait <= 3_000, `${wait} ms`);
  await until('the stream', () => hub.open, (open) => open === 1);
});

scene('a hub that falls silent is left for another connection', async ({ hub, load, recording }) => {
  await load('<event-source src="/hub?topic=a"></event-source>');
  await until('the stream', () => hub.open, (open) => open === 1);
  hub.quiet = true;
  await until('the silence', recording, (seen) => seen.states.some(({ reason }) => reason === 'silent'));
  await until('the next one', () => hub.requests.length, (count) => count === 2);
});
