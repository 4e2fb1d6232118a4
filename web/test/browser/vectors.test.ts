import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useChromium } from '../hub/chromium.js';
import { engines } from '../vectors/differences.js';
import { deviations } from '../vectors/native.js';

const context = useChromium();

test("the browser's own EventSource and the vectors", { timeout: 120_000 }, async () => {
  const page = await (await context()).newPage();
  const { pace, differences } = engines.chromium;
  const evaluate = (work: (argument: never) => unknown, argument: unknown): Promise<unknown> => page.evaluate(work as (argument: unknown) => unknown, argument);
  const found = await deviations({ evaluate }, async (url) => void (await page.goto(url)), pace);
  assert.deepEqual(found, differences);
});
