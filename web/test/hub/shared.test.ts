// SharedEventSource and <event-source>, as the hub serves them, with that hub.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { useChromium } from './chromium.js';
import { Publisher } from './publisher.js';
import { feedOf, openTab, scene, tabOf } from './tabs.js';
import { modernToken } from './tokens.js';
import { pause, until } from './until.js';

const newContext = useChromium();

for (const share of ['worker', 'leader'] as const) {
  scene(`${share}: tabs of different topics live from one stream, over a SIGTERM and a SIGKILL`, newContext, { data: 'disk' }, async (hub, context) => {
    const wanted = [['a'], ['b'], ['c'], ['a', 'c']];
    const pages: Page[] = [];
    for (const topics of wanted) pages.push(await openTab(context, hub, topics, share));
    const [stream] = await hub.opened(1);
    assert.equal(stream?.signals, true);
    assert.deepEqual([...(stream?.matchers ?? [])].sort(), ['exact:a', 'exact:b', 'exact:c']);
    const first = pages[0] as Page;
    assert.match((await feedOf(first)).url, /[?&]envelope=1(&|$)/);

    const publisher = new Publisher((fields) => hub.publish(fields));
    await publisher.more(20);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const before = (await tabOf(first)).states.length;
      await hub.down(signal);
      await hub.up();
      await publisher.more(20);
      const { states } = await until('the loss', () => tabOf(first), (tab) => tab.states.length > before);
      const { state, reason, nextRetryMs } = states[before] ?? assert.fail();
      assert.deepEqual([state, reason], ['retrying', 'lost']);
      // tidings.bye asks for a second at least; without it, the first wait is no longer than one.
      if (signal === 'SIGTERM') assert.ok((nextRetryMs ?? 0) >= 1_250, `after a goodbye it waits ${nextRetryMs} ms`);
      await until('the return', async () => (await tabOf(first)).states.at(-1)?.state, (state) => state === 'open');
    }
    await publisher.more(20);
    await publisher.stop();
    assert.equal((await hub.opened(1)).length, 1);
    for (const [i, page] of pages.entries()) {
      const topics = wanted[i] ?? [];
      const count = topics.reduce((sum, topic) => sum + (publisher.sent[topic]?.length ?? 0), 0);
      const { got, ids, gaps } = await tabOf(page, count);
      for (const topic of topics) {
        const mine = got.flatMap((data, at) => (data.startsWith(`${topic} `) ? [at] : []));
        assert.deepEqual(mine.map((at) => got[at]), publisher.sent[topic], `${topic}: each once and in order`);
        assert.deepEqual(mine.map((at) => ids[at]), publisher.ids[topic], `${topic}: as its publisher named it`);
      }
      assert.equal(got.length, count, 'nothing of other topics');
      assert.deepEqual(gaps, []);
    }
    const feed = await feedOf(first);
    assert.equal(feed.hub, true);
    assert.equal(feed.subscriptions, pages.length);
  });
}

scene('a tab that is new knows its place by hello, and loses nothing', newContext, { data: 'disk' }, async (hub, context) => {
  await hub.publish({ topic: 'a', data: 'before its time' });
  const page = await openTab(context, hub, ['a'], 'worker');
  await hub.opened(1);
  await hub.down('SIGKILL');
  await hub.elsewhere(() => hub.publish({ topic: 'a', data: 'missed' }));
  await hub.up();
  await hub.opened(1);
  await hub.publish({ topic: 'a', data: 'live' });
  const { got, gaps } = await tabOf(page, 2);
  assert.deepEqual(got, ['missed', 'live']);
  assert.deepEqual(gaps, []);
});

scene('a tab with an older cursor takes the stream back, and no other tab gets anything twice', newContext, {}, async (hub, context) => {
  const first = await openTab(context, hub, ['a'], 'worker');
  const start = await hub.publish({ topic: 'b', data: 'b 1' });
  for (const data of ['a 1', 'a 2', 'a 3']) await hub.publish({ topic: 'a', data, id: 'urn:example:same' });
  await hub.publish({ topic: 'b', data: 'b 2' });
  await tabOf(first, 3);
  const second = await openTab(context, hub, ['a', 'b'], 'worker', 'match', start);
  await tabOf(second, 4);
  await hub.publish({ topic: 'a', data: 'a 4' });
  assert.deepEqual((await tabOf(first, 4)).got, ['a 1', 'a 2', 'a 3', 'a 4']);
  assert.deepEqual((await tabOf(second, 5)).got, ['a 1', 'a 2', 'a 3', 'b 2', 'a 4']);
  assert.equal((await hub.opened(1)).length, 1);
});

scene('pings move the place of a quiet stream', newContext, { data: 'disk' }, async (hub, context) => {
  const page = await openTab(context, hub, ['a'], 'worker');
  const first = await hub.publish({ topic: 'a', data: 'one', id: 'urn:example:same' });
  assert.equal(first, 'urn:example:same');
  await tabOf(page, 1);
  let last = '';
  for (let n = 1; n <= 5; n++) last = await hub.publish({ topic: 'b', data: `${n}` });
  await until('a ping', () => feedOf(page), ({ cursor }) => cursor === last);
  await hub.down();
  // An id that the log has twice stands for its first use: as a cursor it would bring 'one' again.
  await hub.elsewhere(() => hub.publish({ topic: 'a', data: 'two', id: 'urn:example:same' }));
  await hub.up();
  await hub.opened(1);
  await hub.publish({ topic: 'a', data: 'three' });
  assert.deepEqual((await tabOf(page, 3)).got, ['one', 'two', 'three']);
  const { repeated, opened } = await feedOf(page);
  assert.deepEqual({ repeated, opened }, { repeated: 0, opened: 2 });
});

scene('a page whose token runs out is warned, brings the next one, and misses no private update', newContext, { flags: ['--expiry-warning', '1s'], data: 'disk' }, async (hub, context) => {
  const page = await context.newPage();
  let minted = 0;
  await page.exposeFunction('mint', () => {
    minted += 1;
    return modernToken({ subscribe: ['a'] }, 3);
  });
  await page.goto(hub.origin);
  await page.addScriptTag({ type: 'module', content: `import { SharedEventSource } from '/tidings.js';
    const headers = async () => ({ Authorization: 'Bearer ' + await mint() });
    const source = new SharedEventSource('/.well-known/mercure?match=a', { headers });
    const tab = (window.hubTab = { got: [], ids: [], gaps: [], states: [] });
    source.onmessage = ({ data, lastEventId }) => { tab.got.push(data); tab.ids.push(lastEventId); };
    source.addEventListener('gap', ({ detail }) => tab.gaps.push(detail));
    source.addEventListener('sse:state', ({ detail: { state, reason, nextRetryMs } }) => tab.states.push({ state, reason, nextRetryMs }));` });
  await hub.opened(1);
  const sent: string[] = [];
  const publish = async (): Promise<void> => {
    const data = `${sent.length + 1}`;
    // An id that no plain header can carry.
    await hub.publish({ topic: 'a', data, private: 'on', id: '日本' });
    sent.push(data);
    await pause(20);
  };
  while (minted < 3) await publish();
  await publish();
  const before = await tabOf(page, sent.length);
  assert.deepEqual(before.got, sent);
  assert.deepEqual(new Set(before.ids), new Set(['日本']));
  // Another token is no interruption.
  assert.deepEqual(before.states.map(({ state }) => state), ['open']);
  // And it comes back with a token of its own.
  await hub.down('SIGKILL');
  await hub.elsewhere(publish);
  await hub.up();
  await hub.opened(1);
  await publish();
  const { got, gaps } = await tabOf(page, sent.length);
  assert.deepEqual(got, sent);
  assert.deepEqual(gaps, []);
});

scene('a tab that comes later, and one that goes, change the one stream', newContext, { flags: ['--dev'], data: 'disk' }, async (hub, context) => {
  const publisher = new Publisher((fields) => hub.publish(fields));
  const first = await openTab(context, hub, ['a'], 'worker', 'topic');
  await tabOf(first, 10);
  const second = await openTab(context, hub, ['c'], 'worker', 'topic');
  await tabOf(second, 10);
  assert.equal((await hub.opened(1))[0]?.matchers.length, 2);
  await first.close();
  await publisher.more(10);
  const third = await openTab(context, hub, ['b', 'c'], 'worker', 'topic');
  await tabOf(third, 20);
  await publisher.stop();
  const { b = [], c = [] } = publisher.sent;
  await until('the last updates', async () => (await tabOf(third)).got, (got) => got.includes(b.at(-1) ?? '') && got.includes(c.at(-1) ?? ''));
  await until('the last update', async () => (await tabOf(second)).got.at(-1), (data) => data === c.at(-1));
  // Each has all from where it began.
  const { got: seconds } = await tabOf(second);
  assert.deepEqual(seconds, c.slice(-seconds.length));
  const { got: thirds } = await tabOf(third);
  for (const [topic, sent] of Object.entries({ b, c })) {
    const mine = thirds.filter((data) => data.startsWith(`${topic} `));
    assert.deepEqual(mine, sent.slice(-mine.length));
  }
  assert.equal((await hub.opened(1)).length, 1);
});

scene('<event-source> shows what a hub in development publishes', newContext, { flags: ['--dev'], data: 'disk' }, async (hub, context) => {
  const bodies = [['a'], ['b'], ['a', 'b']].map((topics) => `<event-source src="/.well-known/mercure?${topics.map((topic) => `topic=${topic}`).join('&')}" events="note"><ol></ol></event-source>`);
  const pages = await Promise.all(bodies.map(async (body) => {
    const page = await context.newPage();
    await page.goto(hub.origin);
    await page.evaluate((html) => {
      document.body.innerHTML = html;
      document.addEventListener('sse', ({ detail: { type, data } }) => {
        document.querySelector('ol')?.append(Object.assign(document.createElement('li'), { textContent: `${type} ${data}` }));
      });
    }, body);
    await page.addScriptTag({ type: 'module', url: '/tidings.js' });
    return page;
  }));
  const state = (page: Page): Promise<unknown> => page.evaluate(() => (document.querySelector('event-source') as { state?: string } | null)?.state);
  for (const page of pages) await until('an open element', () => state(page), (now) => now === 'open');
  assert.equal((await hub.opened(1))[0]?.matchers.length, 2);
  const shown = (page: Page, count: number): Promise<string[]> =>
    until(`${count} items`, () => page.locator('li').allTextContents(), ({ length }) => length >= count);
  await hub.publish({ topic: 'a', data: '1', id: 'same' });
  await hub.publish({ topic: 'b', data: '2', id: 'same', type: 'note' });
  for (const page of pages) await shown(page, 1);
  await hub.down('SIGKILL');
  await hub.elsewhere(() => hub.publish({ topic: ['b', 'a'], data: '3', id: 'same' }));
  await hub.up();
  await hub.opened(1);
  await hub.publish({ topic: 'a', data: '4', id: 'same' });
  await hub.publish({ topic: 'b', data: '5', id: 'same' });
  const all = await Promise.all(pages.map((page, i) => shown(page, [3, 3, 5][i] ?? 0)));
  assert.deepEqual(all, [
    ['message 1', 'message 3', 'message 4'],
    ['note 2', 'message 3', 'message 5'],
    ['message 1', 'note 2', 'message 3', 'message 4', 'message 5'],
  ]);
});
