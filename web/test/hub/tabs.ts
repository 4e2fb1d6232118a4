import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import type { FeedInfo } from '../../src/wire.js';
import { Hub, type HubOptions } from './binary.js';
import { until } from './until.js';

/** What a tab has received, and what it was told. */
export interface Tab {
  readonly got: string[];
  readonly ids: string[];
  readonly gaps: unknown[];
  readonly states: { state: string; reason: string; nextRetryMs: number | null }[];
  /** What holds its connection says of it. */
  feeds(): Promise<readonly FeedInfo[]>;
}

declare global {
  interface Window {
    hubTab: Tab;
  }
}

export type Share = 'worker' | 'leader' | 'none';

/** What a tab asks for beyond its topics. */
export interface TabOptions {
  readonly lastEventId?: string;
  readonly persist?: 'session' | 'local';
}

/** Runs in a page of the hub's own origin, with the component as the hub serves it. */
function script(query: string, share: Share, options: TabOptions): string {
  return `import { SharedEventSource, links } from '/tidings.js';
    const options = { share: '${share}', events: ['note'], ...${JSON.stringify(options)} };
    const source = new SharedEventSource('/.well-known/mercure?${query}', options);
    const tab = (window.hubTab = { got: [], ids: [], gaps: [], states: [], feeds: async () => (await links.get('${share}').info()).info.feeds });
    const take = ({ data, lastEventId }) => { tab.got.push(data); tab.ids.push(lastEventId); };
    source.onmessage = take;
    source.addEventListener('note', take);
    source.addEventListener('gap', ({ detail }) => tab.gaps.push(detail));
    source.addEventListener('sse:state', ({ detail: { state, reason, nextRetryMs } }) => tab.states.push({ state, reason, nextRetryMs }));`;
}

/** Has a page watch what a query asks for, and waits until its stream is open. */
export async function watch(page: Page, hub: Hub, query: string, share: Share, options: TabOptions = {}): Promise<void> {
  await page.goto(hub.origin);
  await page.addScriptTag({ type: 'module', content: script(query, share, options) });
  await until('an open stream', () => page.evaluate(() => window.hubTab?.states.at(-1)?.state), (state) => state === 'open');
}

/** A query with a matcher for each topic. */
export function query(parameter: string, topics: readonly string[]): string {
  return topics.map((topic) => `${parameter}=${encodeURIComponent(topic)}`).join('&');
}

/** Opens a tab, and waits until its stream is open. */
export async function openTab(context: BrowserContext, hub: Hub, topics: readonly string[], share: Share, parameter = 'match', lastEventId = ''): Promise<Page> {
  const page = await context.newPage();
  await watch(page, hub, query(parameter, topics), share, { lastEventId });
  return page;
}

/** Waits until a tab has received so many updates, and returns what it has. */
export function tabOf(page: Page, count = 0): Promise<Omit<Tab, 'feeds'>> {
  const read = (): Promise<Omit<Tab, 'feeds'>> => page.evaluate(() => {
    const { got, ids, gaps, states } = window.hubTab;
    return { got, ids, gaps, states };
  });
  return until(`${count} updates`, read, ({ got }) => got.length >= count);
}

/** The one connection that a tab lives from, as its host sees it. */
export async function feedOf(page: Page): Promise<FeedInfo> {
  const [feed, ...others] = await page.evaluate(() => window.hubTab.feeds());
  assert.deepEqual(others, []);
  assert.ok(feed, 'the host has a connection');
  return feed;
}

/** Declares a test with a hub and a context of its own. Errors that nobody caught in a page fail it. */
export function scene(name: string, newContext: () => Promise<BrowserContext>, options: HubOptions, play: (hub: Hub, context: BrowserContext) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    const hub = await Hub.start(options);
    const context = await newContext();
    const faults: Error[] = [];
    context.on('weberror', (fault) => faults.push(fault.error()));
    try {
      await play(hub, context);
      assert.deepEqual(faults, [], 'errors in pages');
    } finally {
      await context.close();
      await hub.remove();
    }
  });
}
