import assert from 'node:assert/strict';
import { pause } from './driver.js';
import { tabs } from './tabs.js';

for (const kind of ['worker', 'leader'] as const) {
  tabs('tabs that go leave nothing in the host', kind, async (all) => {
    const first = await all.open(['a']);
    await all.allOpen();
    const inHost = async (): Promise<{ pages: number; subscriptions: number }> => {
      const { info: { pages, feeds } } = await first.evaluate(() => window.source.connection.link.info());
      return { pages, subscriptions: feeds.reduce((sum, { subscriptions }) => sum + subscriptions, 0) };
    };
    const left = async (pages: number): Promise<void> => {
      for (let i = 0; i < 250 && (await inHost()).pages > pages; i++) await pause(20);
      assert.deepEqual(await inHost(), { pages, subscriptions: pages });
    };
    for (let round = 0; round < 3; round++) {
      const others = [await all.open(['a']), await all.open(['b'])];
      await all.allOpen();
      assert.deepEqual(await inHost(), { pages: 3, subscriptions: 3 });
      for (const tab of others) await all.close(tab);
      await left(1);
    }
    const [, killed] = [await all.open(['a']), await all.open(['b'])];
    await all.allOpen();
    await all.kill(await all.processOf(killed), 'SIGKILL');
    assert.equal(all.tabs.length, 2);
    await left(2);
    assert.equal(all.hub.open, 1);
  });
}
