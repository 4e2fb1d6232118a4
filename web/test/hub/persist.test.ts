// The place that is kept over reloads, with the hub.
import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import type { Hub } from './binary.js';
import { useChromium } from './chromium.js';
import { scene, tabOf, watch, type Share } from './tabs.js';

const newContext = useChromium();

const kinds: readonly { readonly share: Share; readonly company: boolean }[] = [
  { share: 'worker', company: false },
  { share: 'worker', company: true },
  { share: 'leader', company: true },
  { share: 'none', company: false },
];

for (const { share, company } of kinds) {
  for (const persist of ['session', 'local'] as const) {
    const others = company ? 'while another tab stays' : 'alone';
    scene(`${persist}, ${share}, ${others}: what is published while a page is away comes when it is back`, newContext, { data: 'disk' }, async (hub, context) => {
      const come = (page: Page): Promise<void> => watch(page, hub, 'match=a', share, { persist });
      // One that keeps the host alive, and never was away.
      const other = company ? await visitor(context, hub, share) : undefined;
      await hub.publish({ topic: 'a', data: 'before its time' });
      if (other) await tabOf(other, 1);
      let page = await context.newPage();
      await come(page);
      const sent: string[] = [];
      const publish = async (topic = 'a'): Promise<void> => {
        const data = `${sent.length + 1}`;
        await hub.publish({ topic, data, id: 'urn:example:same' });
        if (topic === 'a') sent.push(data);
      };
      await publish();
      await publish();
      assert.deepEqual((await tabOf(page, 2)).got, sent);
      // Reloaded without a pause, then after a time elsewhere.
      await come(page);
      await publish();
      assert.deepEqual((await tabOf(page, 1)).got, sent.slice(2));
      await page.goto('about:blank');
      await publish();
      await publish('b');
      await publish();
      if (persist === 'local') {
        await page.close();
        page = await context.newPage();
      }
      await come(page);
      await publish();
      assert.deepEqual((await tabOf(page, 3)).got, sent.slice(3));
      // And over a hub that was another process meanwhile.
      await page.goto('about:blank');
      await hub.down('SIGKILL');
      await hub.elsewhere(publish);
      await hub.up();
      await come(page);
      await publish();
      const { got, gaps } = await tabOf(page, 2);
      assert.deepEqual(got, sent.slice(6));
      assert.deepEqual(gaps, []);
      if (other) assert.deepEqual((await tabOf(other, sent.length + 1)).got, ['before its time', ...sent]);

      if (persist === 'local') return;
      // A tab that is new has no place of its own.
      const fresh = await context.newPage();
      await come(fresh);
      await publish();
      assert.deepEqual((await tabOf(fresh, 1)).got, sent.slice(-1));
    });
  }
}

async function visitor(context: BrowserContext, hub: Hub, share: Share): Promise<Page> {
  const page = await context.newPage();
  await watch(page, hub, 'match=a', share);
  return page;
}
