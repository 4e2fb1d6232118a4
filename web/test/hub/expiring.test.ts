// A page whose cookie runs out: there is no callback to ask, but the page can see to it.
import assert from 'node:assert/strict';
import { useChromium } from './chromium.js';
import { openTab, scene, tabOf } from './tabs.js';
import { modernToken } from './tokens.js';
import { pause } from './until.js';

const newContext = useChromium();

scene('a page whose cookie runs out is warned, renews it, and misses no private update', newContext, { flags: ['--expiry-warning', '2s'], data: 'disk' }, async (hub, context) => {
  let given = 0;
  const renew = async (): Promise<void> => {
    given += 1;
    const url = hub.url.replace('http:', 'https:');
    await context.addCookies([{ name: '__Secure-mercure_access_token', value: modernToken({ subscribe: ['a'] }, 5), url, secure: true, httpOnly: true }]);
  };
  await renew();
  await context.exposeFunction('renew', renew);
  const page = await openTab(context, hub, ['a'], 'worker');
  await page.evaluate(() => {
    let at = 0;
    setInterval(() => {
      const { states } = window.hubTab;
      for (; at < states.length; at++) if (states[at]?.reason === 'expiring') void (window as unknown as { renew(): void }).renew();
    }, 50);
  });
  const sent: string[] = [];
  while (given < 3) {
    sent.push(`${sent.length + 1}`);
    await hub.publish({ topic: 'a', data: sent.at(-1) ?? '', private: 'on' });
    await pause(20);
  }
  const { got, gaps, states } = await tabOf(page, sent.length);
  assert.deepEqual(got, sent);
  assert.deepEqual(gaps, []);
  // Warned, ended with its cookie, back with the next: twice at least.
  const reasons = states.map(({ reason }) => reason).join(' ');
  assert.match(reasons, /connected expiring lost timer connected expiring/);
});
