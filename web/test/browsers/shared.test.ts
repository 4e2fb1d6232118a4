import assert from 'node:assert/strict';
import { pause } from './driver.js';
import { tabs } from './tabs.js';

for (const kind of ['worker', 'leader'] as const) {
  tabs('twenty tabs live from one connection', kind, async (all) => {
    await all.openMany(20);
    all.stream();
    while (all.last('a') < 150) await pause(20);
    await all.settle();
    assert.equal(all.hub.open, 1);
    assert.equal(all.hub.maxOpen, 1);
    assert.equal(all.hub.requests.length, 1);
    const late = (await all.each(() => window.tab.late)).flat().sort((a, b) => a - b);
    const p99 = late[Math.floor(late.length * 0.99)] ?? NaN;
    console.log(`${late.length} deliveries, p50 ${late[late.length >> 1]} ms, p99 ${p99} ms, at most ${late.at(-1)} ms`);
    assert.equal(late.length, 20 * all.last('a'), 'every tab had every event');
    assert.deepEqual(new Set(await all.each(() => window.source.role)), new Set(kind === 'worker' ? ['worker'] : ['leader', 'follower']));
  });

  tabs('three sources of different topics, ids used again, and the host killed', kind, async (all) => {
    await all.open(['a']);
    await all.open(['b']);
    await all.open(['c']);
    await all.open(['a', 'c']);
    await all.allOpen();
    assert.equal(all.hub.open, 1);
    all.stream(() => {
      all.send('a', { id: 'urn:same' });
      all.send('b', { id: `urn:uuid:${crypto.randomUUID()}` });
      all.send('c');
    });
    await pause(500);
    await all.killHost('SIGKILL');
    await pause(1_500);
    await all.settle();
    assert.ok(all.last('a') > 50);
    await all.connections(1);
    assert.ok(all.hub.maxOpen <= 2);
    const topics = await all.each(() => Object.keys(window.tab.got).sort().join());
    const wanted = await all.each(() => new URLSearchParams(location.search).getAll('topic').join());
    assert.deepEqual(topics, wanted, 'each gets exactly its own');
    assert.deepEqual((await all.each(() => window.tab.gaps)).flat(), []);
  });
}
