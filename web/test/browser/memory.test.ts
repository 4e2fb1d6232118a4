import assert from 'node:assert/strict';
import { env } from 'node:process';
import { ChromiumTab } from '../browsers/chromium.js';
import { pause } from '../browsers/driver.js';
import { tabs } from '../browsers/tabs.js';

/** A million in the nightly run. */
const count = Number(env['TIDINGS_EVENTS'] ?? 60_000);

for (const kind of ['worker', 'leader', 'none'] as const) {
  tabs(`memory stays flat over ${count} events`, kind, async (all) => {
    const tab = await all.open(['a']);
    assert.ok(tab instanceof ChromiumTab, 'it is Chromium that tells of its heap');
    const { page } = tab;
    await all.allOpen();
    await page.evaluate(() => {
      // What the page keeps of events is its own affair.
      window.source.onmessage = ({ data }) => {
        window.tab.got = { a: [JSON.parse(data).n] };
      };
    });
    const cdp = await page.context().newCDPSession(page);
    const heap = async (): Promise<number> => {
      await cdp.send('HeapProfiler.collectGarbage');
      return (await cdp.send('Runtime.getHeapUsage')).usedSize;
    };
    const run = async (events: number): Promise<void> => {
      for (let sent = 0; sent < events; sent += 1_000) {
        for (let i = 0; i < 1_000; i++) all.send('a');
        all.hub.log.fill(all.hub.log[0]!, 0, Math.max(0, all.hub.log.length - 2_000));
        await pause(5);
      }
      await page.waitForFunction((last) => window.tab.got['a']?.[0] === last, all.last('a'), { timeout: 60_000, polling: 100 });
    };
    await run(count / 6);
    const before = await heap();
    await run(count);
    const grown = (await heap()) - before;
    console.log(`${kind}: the heap grew by ${Math.round(grown / 1024)} KiB over ${count} events`);
    assert.ok(grown < 2 * 2 ** 20, `${grown} bytes more`);
    const { info } = await page.evaluate(() => window.source.connection.link.info());
    assert.ok((info.feeds[0]?.kept ?? Infinity) <= 1_000);
    assert.ok((info.feeds[0]?.events ?? 0) >= count);
  });
}
