import assert from 'node:assert/strict';
import { scene, scenes, until } from './harness.mjs';

scenes('the items', () => {
  scene('a ping refetches its item and no other', {}, async (stage) => {
    const { page, server } = stage;
    const pings = async () => (await stage.events()).filter(({ type }) => type === 'ping').map(({ data }) => JSON.parse(data).item);
    const items = await until('two pings', pings, ({ length }) => length >= 2);
    const asked = () => stage.asked('/items').map(({ pathname }) => pathname);
    const want = ['/items', ...items.map((id) => `/items/${id}`)];
    await until('their fetches', asked, ({ length }) => length >= want.length);
    assert.deepEqual(asked().slice(0, want.length), want);
    assert.equal(await page.textContent('#lists'), '1');

    // What is shown is what the server has.
    const last = items.at(-1);
    const row = page.locator('#items > li').nth(last - 1);
    const item = await (await fetch(`${server.origin}/items/${last}`)).json();
    assert.ok(item.version >= 2, JSON.stringify(item));
    assert.equal(await row.locator('.version').textContent(), `v${item.version}`);
    assert.equal(await row.locator('.status').textContent(), item.status);
    assert.equal(await row.locator('.way .done').count(), item.step + 1);
    assert.ok((await row.getAttribute('class')).includes('fresh'));
    assert.equal(await page.locator('#items .fresh').count(), 1);
  });

  scene('the list is fetched again for the time without pings', {}, async (stage) => {
    const { page } = stage;
    const lists = () => stage.asked('/items').filter(({ pathname }) => pathname === '/items').length;
    await page.uncheck('input[value=ping]');
    const changed = await until('a change that the page is not told', async () => {
      const { items } = await (await fetch(`${stage.server.origin}/items`)).json();
      for (const { id, version } of items) {
        const shown = await page.locator('#items > li').nth(id - 1).locator('.version').textContent();
        if (shown !== `v${version}`) return { id, version };
      }
      return null;
    }, Boolean);
    assert.equal(lists(), 1);
    await page.check('input[value=ping]');
    await until('the list', lists, (count) => count === 2);
    const version = page.locator('#items > li').nth(changed.id - 1).locator('.version');
    await until('the change', () => version.textContent(), (text) => Number(text.slice(1)) >= changed.version);
  });
});
