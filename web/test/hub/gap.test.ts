// What the hub no longer has, and what the pages make of it.
import assert from 'node:assert/strict';
import { useChromium } from './chromium.js';
import { openTab, scene, tabOf, watch } from './tabs.js';
import { until } from './until.js';

const newContext = useChromium();

for (const share of ['worker', 'leader', 'none'] as const) {
  scene(`${share}: a hub that has lost its log says so once to each page, and again to none`, newContext, { data: 'memory' }, async (hub, context) => {
    const first = await openTab(context, hub, ['a'], share);
    const second = await context.newPage();
    await watch(second, hub, 'match=a', share, { persist: 'session' });
    const old = await hub.publish({ topic: 'a', data: '1' });
    for (const page of [first, second]) assert.deepEqual((await tabOf(page, 1)).got, ['1']);
    await hub.down('SIGKILL');
    await hub.up();
    for (const page of [first, second]) {
      const { gaps } = await until('a gap', () => tabOf(page), (tab) => tab.gaps.length > 0);
      assert.deepEqual(gaps.map((gap) => (gap as { why: string }).why), ['lineage']);
    }
    // Nothing has come since; the page is loaded again.
    await watch(second, hub, 'match=a', share, { persist: 'session' });
    await hub.publish({ topic: 'a', data: '2' });
    assert.deepEqual(await tabOf(second, 1).then(({ got, gaps }) => ({ got, gaps })), { got: ['2'], gaps: [] });
    assert.deepEqual((await tabOf(first, 2)).got, ['1', '2']);
    assert.equal((await tabOf(first)).gaps.length, 1);
    // One that comes from the log before has its gap, and then what there is.
    const third = await openTab(context, hub, ['a'], share, 'match', old);
    const { gaps } = await until('a gap', () => tabOf(third), (tab) => tab.gaps.length > 0);
    assert.equal((gaps[0] as { from: string }).from, old);
    await hub.publish({ topic: 'a', data: '3' });
    await until('the last update', async () => (await tabOf(third)).got.at(-1), (data) => data === '3');
    assert.deepEqual((await tabOf(first, 3)).got, ['1', '2', '3']);
  });
}
