import assert from 'node:assert/strict';
import { env } from 'node:process';
import { test } from 'node:test';
import { engines } from '../vectors/differences.js';
import { deviations } from '../vectors/native.js';
import type { Browser } from './driver.js';

const name = env['TIDINGS_BROWSER'] ?? 'chromium';

async function launch(): Promise<Browser> {
  if (name === 'firefox') return (await import('./firefox.js')).launch();
  if (name === 'webkit') return (await import('./webkit.js')).launch();
  return (await import('./chromium.js')).launch();
}

test("the browser's own EventSource reads the vectors, but for what is known", { timeout: 180_000 }, async () => {
  const engine = engines[name as keyof typeof engines];
  assert.ok(engine, `TIDINGS_BROWSER is ${name}`);
  const browser = await launch();
  try {
    const session = await browser.session();
    const tab = await session.open('about:blank');
    const evaluate = <T, A>(work: (argument: A) => T, argument: A): Promise<unknown> => tab.evaluate(work, argument);
    const found = await deviations({ evaluate }, (url) => tab.goto(url), engine.pace);
    console.log(`${session.version}: ${Object.keys(found).length} differences`);
    await session.close();
    assert.deepEqual(found, engine.differences);
  } finally {
    await browser.close();
  }
});
