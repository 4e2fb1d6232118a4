import assert from 'node:assert/strict';
import { scene, until } from './harness.js';

scene('the inspector shows who holds the connection, and the last events', async ({ hub, page, load }) => {
  await load(`<event-source src="/hub?topic=a"></event-source><event-source-inspector></event-source-inspector>
    <script type="module" src="/tidings-inspector.js"></script>`);
  const text = (): Promise<string> => page.evaluate(() => {
    const rows = document.querySelector('event-source-inspector')?.shadowRoot?.querySelectorAll('tr') ?? [];
    return [...rows].map((row) => [...row.cells].map(({ textContent }) => textContent).join(' ')).join('\n');
  });
  await until('the stream', () => hub.open, (open) => open === 1);
  hub.publish('a', '<b>hello</b>', { id: 'urn:1' });
  const shown = await until('the event', text, (all) => all.includes('hello') && all.includes('#e1.1'));
  for (const part of ['role worker', 'pages of the host 1', 'changes of host 0', 'message urn:1 <b>hello</b>', '(hub) open 1 #e1.1']) {
    assert.ok(shown.includes(part), `${part} in ${shown}`);
  }
  await page.evaluate(() => document.querySelector('event-source-inspector')!.remove());
});
