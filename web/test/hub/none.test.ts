// share: 'none', for those who want a connection for each tab, with the hub.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { useChromium } from './chromium.js';
import { Publisher } from './publisher.js';
import { feedOf, openTab, scene, tabOf } from './tabs.js';
import { until } from './until.js';

const newContext = useChromium();

scene('none: four tabs have a stream each, and miss nothing over a SIGTERM and a SIGKILL', newContext, { data: 'disk' }, async (hub, context) => {
  const wanted = [['a'], ['b'], ['c'], ['a', 'c']];
  const pages: Page[] = [];
  for (const topics of wanted) pages.push(await openTab(context, hub, topics, 'none'));
  const streams = await hub.opened(4);
  assert.deepEqual(streams.map(({ matchers }) => [...matchers].sort().join()).sort(), ['exact:a', 'exact:a,exact:c', 'exact:b', 'exact:c']);

  const publisher = new Publisher((fields) => hub.publish(fields));
  await publisher.more(20);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const before = await Promise.all(pages.map(async (page) => (await tabOf(page)).states.length));
    await hub.down(signal);
    await hub.up();
    await publisher.more(20);
    for (const [i, page] of pages.entries()) {
      await until('the loss and the return', () => tabOf(page), ({ states }) => states.length > (before[i] ?? 0) && states.at(-1)?.state === 'open');
    }
    await hub.opened(4);
  }
  await publisher.more(20);
  await publisher.stop();
  for (const [i, page] of pages.entries()) {
    const topics = wanted[i] ?? [];
    const count = topics.reduce((sum, topic) => sum + (publisher.sent[topic]?.length ?? 0), 0);
    const { got, gaps } = await tabOf(page, count);
    for (const topic of topics) assert.deepEqual(got.filter((data) => data.startsWith(`${topic} `)), publisher.sent[topic], `${topic}: each once and in order`);
    assert.equal(got.length, count, 'nothing of other topics');
    assert.deepEqual(gaps, []);
    assert.equal((await feedOf(page)).subscriptions, 1);
  }
  assert.equal((await hub.opened(4)).length, 4);

  // Who closes takes nothing from the others.
  await pages[0]?.close();
  await hub.opened(3);
  await hub.publish({ topic: ['a', 'b', 'c'], data: 'after' });
  for (const page of pages.slice(1)) await until('the last update', async () => (await tabOf(page)).got.at(-1), (data) => data === 'after');
});
