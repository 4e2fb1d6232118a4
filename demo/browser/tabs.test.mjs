import assert from 'node:assert/strict';
import { scene, scenes, until } from './harness.mjs';

/** How many shared streams the server says this browser has open. */
async function connections(stage) {
  const browser = await stage.page.evaluate(() => localStorage.getItem('tidings-demo-browser'));
  const { shared } = await (await fetch(`${stage.server.origin}/stats?browser=${browser}`)).json();
  return shared;
}

/** What the three clocks of a small page show, once they all show something. */
function clocks(tab) {
  const read = () => tab.$$eval('#shared time', (nodes) => nodes.map((node) => node.textContent));
  return until('three times', read, (times) => times.length === 3 && times.every((time) => /^\d\d:\d\d:\d\d$/.test(time)));
}

/** Fails unless each clock of each page moves on. */
async function assertTicking(pages) {
  await Promise.all(pages.map(async (tab, i) => {
    const before = await clocks(tab);
    await until(`the clocks of page ${i} to tick`, () => clocks(tab), (times) => times.every((time, j) => time !== before[j]));
  }));
}

scenes('tabs', () => {
  scene('ten more tabs live from one connection', {}, async (stage) => {
    const { page, context } = stage;
    assert.equal(await page.textContent('#protocol'), 'HTTP/1.1');
    await stage.text('#shared-state', 'open');
    await stage.text('#shared-count', '1');
    await page.click('#open-tabs');
    await until('eleven pages', () => context.pages().length, (count) => count === 11);
    await assertTicking(context.pages());
    assert.equal(await connections(stage), 1);
    await page.bringToFront();
    await stage.text('#tabs-count', '11');
    await stage.text('#shared-count', '1');
    await stage.text('#picture-host', 'shared worker');
    await until('the picture of eleven tabs', () => page.$$eval('.mark-tab[data-state=open][data-beat]', ({ length }) => length), (count) => count === 11);
    assert.equal(await page.getAttribute('#picture', 'aria-label'), '11 tabs, held together by shared worker, with 1 connection to the hub');
    const inspected = () => page.evaluate(() => document.querySelector('event-source-inspector').shadowRoot.textContent);
    await until('eleven pages in the inspector', inspected, (text) => text.includes('pages of the host11'));

    await page.click('#close-tabs');
    await until('one page', () => context.pages().length, (count) => count === 1);
    await stage.text('#tabs-count', '1');
    await assertTicking([page]);
    assert.equal(await connections(stage), 1);
  });

  scene('where pop-ups are blocked, ten frames live from one connection', {}, async (stage) => {
    const { page } = stage;
    await stage.text('#shared-count', '1');
    await page.evaluate(() => (window.open = () => null));
    await page.click('#open-tabs');
    await stage.text('#tabs-status', /so they are frames in this page\.$/);
    const frames = await until('ten frames', () => page.frames().slice(1), ({ length }) => length === 10);
    await assertTicking([page, ...frames]);
    assert.equal(await connections(stage), 1);
    await stage.text('#tabs-count', '11');
    await page.click('#close-tabs');
    await stage.text('#tabs-count', '1');
    assert.equal(await page.getAttribute('#close-tabs', 'aria-disabled'), 'true');
  });
});
