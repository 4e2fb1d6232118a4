import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generator } from './model-log.js';
import { World } from './model-world.js';

/** `TIDINGS_SEED` begins with another seed, `TIDINGS_SEEDS` says how many are lived through. */
const first = Number(process.env['TIDINGS_SEED'] ?? 1);
const seeds = Number(process.env['TIDINGS_SEEDS'] ?? 120);

test('in all histories each page has what the hub has, once and in order, or knows of the gap, and nothing is left', async () => {
  const sum: Record<string, number> = {};
  for (let seed = first; seed < first + seeds; seed++) {
    const world = new World(generator(seed));
    try {
      await world.live(200);
    } catch (error) {
      throw new Error(`with seed ${seed}, ${JSON.stringify(world.traits)}`, { cause: error });
    }
    for (const [what, count] of Object.entries(world.counts)) sum[what] = (sum[what] ?? 0) + count;
  }
  // The histories are worth something only if much happened in them.
  const least = { members: 5, events: 25, gaps: 2, cuts: 1, hosts: 2, starts: 3, connections: 1 };
  for (const [what, each] of Object.entries(least)) assert.ok((sum[what] ?? 0) >= each * seeds, JSON.stringify(sum));
});
