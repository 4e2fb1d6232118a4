// URL Patterns as matchers: the hub decides what a stream gets, the component whom of those who share it is meant.
import assert from 'node:assert/strict';
import { EventSource } from 'eventsource';
import type { Page } from 'playwright-core';
import type { Hub } from './binary.js';
import { useChromium } from './chromium.js';
import { query, scene, tabOf, watch } from './tabs.js';
import { until } from './until.js';

const newContext = useChromium();

const queries: readonly string[] = [
  query('match_urlpattern', ['/books/*']),
  `${query('match_urlpattern', ['/books/:id'])}&match=a`,
  query('match_urlpattern', ['https://example.com/:kind/(\\d+)']),
  'match=%2Fbooks%2F1',
];

/** What the hub itself gives to each query on a stream of its own. */
function references(hub: Hub): { got: string[][]; close(): void } {
  const got: string[][] = queries.map(() => []);
  const sources = queries.map((query, i) => {
    const source = new EventSource(`${hub.url}?${query}`);
    source.onmessage = ({ data }) => got[i]?.push(String(data));
    return source;
  });
  return { got, close: () => sources.forEach((source) => source.close()) };
}

for (const { name, share, native, streams } of [
  { name: 'worker: four tabs live from one stream', share: 'worker', native: true, streams: 1 },
  { name: 'leader: four tabs live from one stream', share: 'leader', native: true, streams: 1 },
  { name: 'without URLPattern each tab with a pattern has its own stream', share: 'leader', native: false, streams: 4 },
] as const) {
  scene(`${name}: all get what the hub gives to their patterns`, newContext, { data: 'disk' }, async (hub, context) => {
    if (!native) await context.addInitScript(() => delete (globalThis as { URLPattern?: unknown }).URLPattern);
    const pages: Page[] = [];
    for (const query of queries) {
      const page = await context.newPage();
      await watch(page, hub, query, share);
      pages.push(page);
    }
    const expected = references(hub);
    try {
      const open = await hub.opened(queries.length + streams);
      assert.equal(open.filter(({ signals }) => signals).length, 1, 'who can be united asks for signals, who cannot does not');
      const publish = async (round: number): Promise<void> => {
        for (const topic of [
          '/books/1', '/books/1/reviews', '/books/', '/Books/1', '/books/2?edition=3', '/books/%C3%A9', '/books/é',
          `${hub.origin}/books/2`, 'https://example.com/books/7', 'https://example.com/books/x', 'https://example.com/authors/7#top',
          'a', 'b', 'urn:example:1', ['/books/3', 'a'], ['b', 'https://example.com/a/1'],
        ]) await hub.publish({ topic, data: `${round} ${[topic].flat().join(' ')}` });
        // Each of them asks for one of these.
        await hub.publish({ topic: ['/books/1', 'https://example.com/books/1'], data: `${round} end` });
      };
      await publish(1);
      await until('the first round', () => expected.got, (got) => got.every((data) => data.at(-1) === '1 end'));
      const before = await Promise.all(pages.map((page) => until('the first round', () => tabOf(page), ({ got }) => got.at(-1) === '1 end')));
      assert.deepEqual(before.map(({ got }) => got), expected.got);
      assert.deepEqual(expected.got.map(({ length }) => length > 1), [true, true, true, true], 'something is meant for each');
      // The same over a break.
      await hub.down('SIGKILL');
      await hub.elsewhere(() => publish(2));
      await hub.up();
      await hub.opened(queries.length + streams);
      await publish(3);
      await until('the third round', () => expected.got, (got) => got.every((data) => data.at(-1) === '3 end'));
      for (const [i, page] of pages.entries()) {
        const { got, gaps } = await tabOf(page, expected.got[i]?.length);
        assert.deepEqual(got, expected.got[i], queries[i]);
        assert.deepEqual(gaps, []);
      }
    } finally {
      expected.close();
    }
  });
}
