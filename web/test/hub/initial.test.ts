// Pages that an application has rendered, with the hub: what is published between rendering and connecting comes once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Discovered } from '../../src/discover.js';
import { Hub } from './binary.js';
import { useChromium } from './chromium.js';
import { PageServer } from './page-server.js';
import { legacyToken } from './tokens.js';
import { until } from './until.js';

declare global {
  interface Window {
    application: { got: string[]; gaps: unknown[]; source?: { state: string } };
  }
}

const newContext = useChromium();

/** The listener that every page has, before its body. */
const listener = `<script>
  window.application = { got: [], gaps: [] };
  document.addEventListener('sse', ({ detail }) => application.got.push(detail.data));
  document.addEventListener('sse:gap', ({ detail }) => application.gaps.push(detail));
</script>`;

interface Stage {
  readonly hub: Hub;
  readonly pages: PageServer;
  /** Opens a page of the application. */
  visit(): Promise<Page>;
  /** Publishes; its data is its number. */
  publish(fields?: Record<string, string>): Promise<string>;
}

/** Declares a test with a hub and an application of another origin. */
function scene(name: string, play: (stage: Stage) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    const pages = await PageServer.start();
    const origin = `http://127.0.0.1:${pages.port}`;
    const hub = await Hub.start({ flags: ['--allow-origin', origin], data: 'disk' });
    const context = await newContext();
    const faults: Error[] = [];
    context.on('weberror', (fault) => faults.push(fault.error()));
    let count = 0;
    try {
      await play({
        hub,
        pages,
        async visit() {
          const page = await context.newPage();
          await page.goto(origin);
          return page;
        },
        publish: (fields) => hub.publish({ topic: 'a', data: `${++count}`, ...fields }),
      });
      assert.deepEqual(faults, [], 'errors in pages');
    } finally {
      await context.close();
      await hub.remove();
      await pages.close();
    }
  });
}

function received(page: Page, count: number): Promise<{ got: string[]; gaps: unknown[] }> {
  const read = (): Promise<{ got: string[]; gaps: unknown[] }> => page.evaluate(() => ({ got: application.got, gaps: application.gaps }));
  return until(`${count} updates`, read, ({ got }) => got.length >= count);
}

declare const application: Window['application'];

/** What an application renders as of some update, with an element that goes on from there. */
function rendered(hub: Hub, id: string): string {
  const escaped = id.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `${listener}<event-source src="${hub.url}?match=a" last-event-id="${escaped}"></event-source>`;
}

for (const [kind, fields] of [['of the hub', {}], ['of the publisher', { id: 'urn:example:日本 "1" & #2' }]] as const) {
  scene(`last-event-id in the markup, an id ${kind}: each update since the page was rendered comes once`, async ({ hub, pages, visit, publish }) => {
    await publish();
    pages.body = rendered(hub, await publish(fields));
    const page = await visit();
    // The page is there and its script is not yet.
    await publish();
    await publish();
    await page.addScriptTag({ type: 'module', url: `${hub.origin}/tidings.js` });
    await hub.opened(1);
    await publish();
    assert.deepEqual(await received(page, 3), { got: ['3', '4', '5'], gaps: [] });
    // A second page, rendered later, lives from the same stream.
    const third = await publish();
    pages.body = rendered(hub, third) + `<script type="module" src="${hub.origin}/tidings.js"></script>`;
    await publish();
    const second = await visit();
    await until('an open element', () => second.evaluate(() => document.querySelector('event-source')?.state), (state) => state === 'open');
    await publish();
    assert.deepEqual(await received(second, 2), { got: ['7', '8'], gaps: [] });
    assert.deepEqual((await received(page, 6)).got, ['3', '4', '5', '6', '7', '8']);
    await hub.opened(1);
  });
}

/** Runs in a page: opens a stream of what has been discovered. */
async function connect(page: Page, hub: Hub, found: Discovered | undefined): Promise<void> {
  assert.ok(found);
  await page.addScriptTag({ type: 'module', content: `import { SharedEventSource } from '${hub.origin}/tidings.js';
    const source = (application.source = new SharedEventSource(${JSON.stringify(found.url)}, { lastEventId: ${JSON.stringify(found.lastEventId)} }));
    source.onmessage = ({ data }) => application.got.push(data);
    source.addEventListener('gap', ({ detail }) => application.gaps.push(detail));` });
  await until('an open stream', () => page.evaluate(() => application.source?.state), (state) => state === 'open');
}

/** Asks, in a page, where the updates of an address come from. */
function ask(page: Page, hub: Hub, address: string, headers: Record<string, string> = {}): Promise<Discovered | undefined> {
  return page.evaluate(async ([script, address, headers]) => {
    const { discover } = (await import(script)) as typeof import('../../src/discover.js');
    return discover(await fetch(address, { headers }));
  }, [`${hub.origin}/tidings-discover.js`, address, headers] as const);
}

scene("an application's Link header: each update since its answer comes once", async ({ hub, pages, visit, publish }) => {
  pages.body = listener;
  const page = await visit();
  await publish();
  const id = await publish({ id: 'urn:example:日本' });
  // As protocol.Link writes it; Node wants bytes.
  pages.links = [`<${hub.url}>; rel="mercure"; last-event-id="${Buffer.from(id, 'utf8').toString('latin1')}"`, '<a>; rel="self"'];
  const found = await ask(page, hub, '/');
  assert.deepEqual(found, { url: `${hub.url}?match=a`, hub: hub.url, topic: 'a', lastEventId: id });
  await publish();
  await publish();
  await connect(page, hub, found);
  await publish();
  assert.deepEqual(await received(page, 3), { got: ['3', '4', '5'], gaps: [] });
});

scene("the hub's own Link header, of the list of its subscriptions: each update since the list comes once", async ({ hub, pages, visit, publish }) => {
  pages.body = listener;
  const page = await visit();
  await publish();
  const id = await publish();
  const list = `${hub.url}/subscriptions`;
  const token = legacyToken({ subscribe: ['*'] });
  const found = await ask(page, hub, list, { Authorization: `Bearer ${token}` });
  // The address that the preset calls the hub's public one.
  assert.deepEqual([found?.hub, found?.topic, found?.lastEventId], ['https://localhost/.well-known/mercure', list, id]);
  await publish();
  await connect(page, hub, { ...(found as Discovered), url: `${hub.url}?match=a` });
  await publish();
  assert.deepEqual(await received(page, 2), { got: ['3', '4'], gaps: [] });
});
