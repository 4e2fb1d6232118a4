import assert from 'node:assert/strict';
import { pause, tabs } from './tabs.js';

for (const kind of ['worker', 'leader'] as const) {
  tabs('twenty tabs live from one connection', kind, async (all) => {
    await all.openMany(20);
    all.stream();
    await pause(3_000);
    await all.settle();
    assert.equal(all.hub.open, 1);
    assert.equal(all.hub.maxOpen, 1);
    assert.equal(all.hub.requests.length, 1);
    const late = (await Promise.all(all.pages.map((page) => page.evaluate(() => window.tab.late)))).flat().sort((a, b) => a - b);
    const p99 = late[Math.floor(late.length * 0.99)] ?? NaN;
    console.log(`${late.length} deliveries, p50 ${late[late.length >> 1]} ms, p99 ${p99} ms, at most ${late.at(-1)} ms`);
    assert.ok(late.length > 20 * 100);
    assert.deepEqual(new Set(await Promise.all(all.pages.map((page) => page.evaluate(() => window.source.role)))), new Set(kind === 'worker' ? ['worker'] : ['leader', 'follower']));
  });

  tabs('three sources of different topics, ids used again, and the host killed', kind, async (all) => {
    await all.open(['a']);
    await all.open(['b']);
    await all.open(['c']);
    await all.open(['a', 'c']);
    await all.allOpen();
    assert.equal(all.hub.open, 1);
    const host = await all.hostTab();
    let n = 0;
    const ids = setInterval(() => {
      n += 1;
      all.send('a', { id: 'urn:same' });
      all.send('b', { id: `urn:uuid:${crypto.randomUUID()}` });
      all.send('c');
    }, 20);
    await pause(500);
    all.forget(host);
    all.signal(await all.pid(host), 'SIGKILL');
    await pause(1_500);
    clearInterval(ids);
    await all.settle();
    assert.ok(n > 50);
    await all.connections(1);
    assert.ok(all.hub.maxOpen <= 2);
    const topics = await Promise.all(all.pages.map((page) => page.evaluate(() => Object.keys(window.tab.got).sort().join())));
    const wanted = await Promise.all(all.pages.map((page) => page.evaluate(() => new URLSearchParams(location.search).getAll('topic').join())));
    assert.deepEqual(topics, wanted, 'each gets exactly its own');
    for (const page of all.pages) assert.deepEqual(await page.evaluate(() => window.tab.gaps), []);
  });
}
