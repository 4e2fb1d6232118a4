import assert from 'node:assert/strict';
import { assertConsecutive, scene, scenes, until } from './harness.mjs';

const zones = { message: 'UTC', est: 'America/New_York', pdt: 'America/Los_Angeles' };

/** What a clock of that zone shows at an instant. */
function shown(iso, timeZone) {
  return new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(new Date(iso));
}

scenes('the clocks', () => {
  scene('three clocks tick, each in its zone', {}, async (stage) => {
    for (const [type, zone] of Object.entries(zones)) {
      const seen = new Set();
      await until(`four times of ${type}`, async () => {
        const { state, text, iso, angles } = await stage.clock(type);
        if (state !== 'live') return seen.size;
        assert.equal(text, shown(iso, zone));
        const [h, m, s] = text.split(':').map(Number);
        const tenths = (angle) => Math.round((((angle % 360) + 360) % 360) * 10); // floats of 24.6 differ in their last bits
        assert.deepEqual(angles.map(tenths), [(h % 12) * 30 + m / 2, m * 6 + s / 10, s * 6].map(tenths));
        seen.add(text);
        return seen.size;
      }, (size) => size >= 4);
    }
    const names = await Promise.all(Object.keys(zones).map(async (type) => (await stage.clock(type)).abbr));
    assert.match(names.join(), /^UTC,(EST|EDT),(PST|PDT)$/);
    // The element's own content is bound to the stream without script.
    const bound = await stage.page.textContent('event-source time');
    assert.match(bound, /^\d\d:\d\d:\d\d$/);
    assert.equal(stage.asked('/clocks').length, 1);
  });

  scene('choosing only est stops pdt, and unnamed events go on', {}, async (stage) => {
    const { page } = stage;
    await stage.more(3, 'pdt');
    await page.uncheck('input[value=pdt]');
    await page.uncheck('input[value=ping]');
    await stage.text('#events', 'est');
    const before = await stage.events();
    const stopped = await stage.clock('pdt');
    assert.equal(stopped.state, 'off');
    await stage.more(4, 'est');
    const after = (await stage.events()).slice(before.length);
    const count = (type) => after.filter((event) => event.type === type).length;
    assert.equal(count('pdt'), 0);
    assert.equal(count('ping'), 0);
    assert.ok(count('message') >= 3 && count('est') >= 3, JSON.stringify(after));
    assert.equal((await stage.clock('pdt')).text, stopped.text);
    assert.equal((await stage.clock('est')).state, 'live');

    // Chosen again, on the same connection. What was not chosen is not called missing.
    await page.check('input[value=pdt]');
    await page.check('input[value=ping]');
    await stage.more(3, 'pdt');
    assert.equal((await stage.clock('pdt')).state, 'live');
    assert.equal(await page.textContent('#missing'), '0');
    assert.ok(Number(await page.textContent('#left-out')) >= 3);
    assert.match(await page.textContent('#verdict'), /but for the types not chosen/);
    assert.equal(stage.asked('/clocks').length, 1);
  });

  scene('the last events are listed, newest first, and can be paused', {}, async (stage) => {
    const { page } = stage;
    const rows = () => page.$$eval('#log .row', (nodes) => nodes.map((row) => ({
      id: row.querySelector('.id').textContent, data: row.querySelector('.data').textContent,
    })));
    await stage.more(6);
    await page.click('#pause');
    const paused = await rows();
    const events = await stage.events();
    const newest = events.findIndex(({ id }) => id === paused[0].id);
    assert.deepEqual(paused, events.slice(0, newest + 1).reverse().map(({ id, data }) => ({ id, data })));
    await stage.text('#pause', /^Resume \([1-9]\d* kept back\)$/);
    assert.deepEqual(await rows(), paused);
    await page.click('#pause');
    const resumed = await rows();
    assert.ok(resumed.length > paused.length);
    assertConsecutive(resumed.map(({ id }) => id).reverse());
  });

  scene('the list of events is bounded', {}, async (stage) => {
    // As if a long time had passed: a burst of events, through the element itself.
    await stage.page.evaluate(() => {
      const stream = document.querySelector('event-source');
      for (let i = 0; i < 500; i++) {
        const detail = { type: 'est', data: '{"time":"01:02:03","iso":""}', lastEventId: `#burst.${i}`, source: stream };
        detail.json = JSON.parse(detail.data);
        stream.dispatchEvent(new CustomEvent('sse', { detail }));
      }
    });
    assert.ok((await stage.page.$$('#log > li')).length <= 60);
    assert.ok((await stage.page.$$('#ribbon > *')).length <= 240);
  });

  scene('the raw stream can be looked at in a browser', { load: false }, async ({ server, page }) => {
    await page.goto(`${server.origin}/clocks`, { waitUntil: 'commit' });
    await until('three kinds of events', () => page.evaluate(() => document.body?.innerText ?? ''), (text) => {
      return /^data: \{"zone":"UTC"/m.test(text) && /^event: est$/m.test(text) && /^event: pdt$/m.test(text);
    });
  });
});
