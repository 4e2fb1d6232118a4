import assert from 'node:assert/strict';
import { assertConsecutive, scene, scenes, until } from './harness.mjs';

/** Fails unless every event of the page arrived once, and the page says so. */
async function assertNothingLost(stage) {
  const ids = (await stage.events()).map(({ id }) => id);
  assertConsecutive(ids);
  assert.match(await stage.text('#verdict', /arrived, each once\.$/), /^Every id from \d+ to \d+ /);
  assert.equal(await stage.page.textContent('#missing'), '0');
  assert.equal(await stage.page.textContent('#twice'), '0');
}

scenes('the connection', () => {
  scene('a cut is resumed without loss', { breaks: true }, async (stage) => {
    await stage.more(4);
    assert.deepEqual(await stage.stats().then(({ page, cuts }) => ({ page, cuts })), { page: 1, cuts: 0 });
    // The longest of the waits that the element may draw, so that at least one second passes unseen.
    await stage.page.evaluate(() => (Math.random = () => 0.9999));
    await stage.page.click('#cut');
    const said = await stage.text('#status', /^Back after .* none lost\.$/);
    assert.ok(Number(/(\d+) events/.exec(said)[1]) >= 3, said);
    assert.deepEqual((await stage.states()).slice(-3), ['retrying lost', 'retrying timer', 'open connected']);
    const { open, page, cuts } = await stage.stats();
    assert.deepEqual({ open, page, cuts }, { open: 1, page: 1, cuts: 1 });
    // The second request names the last event before the cut.
    const [first, second, ...others] = stage.asked('/clocks');
    assert.equal(others.length, 0);
    assert.equal(second.searchParams.get('page'), first.searchParams.get('page'));
    assert.equal(second.searchParams.get('last_event_id'), await stage.page.evaluate(() => window.recording.lastBeforeLoss));
    await stage.more(3);
    await assertNothingLost(stage);
  });

  scene('a long cut: the clocks stop, and what was missed comes', { breaks: true }, async (stage) => {
    await stage.more(4);
    await stage.page.click('#cut-long');
    await stage.text('#state', 'reconnecting');
    for (const type of ['message', 'est', 'pdt']) {
      await until(`${type} to stand still`, () => stage.clock(type), ({ state }) => state === 'stale');
    }
    const stopped = (await stage.events()).length;
    const { page } = await stage.stats();
    assert.equal(page, 0);
    await until('an announced attempt', () => stage.page.textContent('#retry'), (text) => /^in \d+\.\d s$/.test(text));
    assert.equal((await stage.events()).length, stopped);
    const said = await stage.text('#status', /^Back after /);
    const [, seconds, caughtUp] = /^Back after ([\d.]+) s: (\d+) events caught up, none lost\.$/.exec(said) ?? assert.fail(said);
    assert.ok(Number(seconds) >= 4.5, said);
    // Three events a second, and a ping now and then.
    assert.ok(Math.abs(Number(caughtUp) - Number(seconds) * 3.2) < 5, said);
    assert.equal((await stage.page.$$('#ribbon .late')).length, Number(caughtUp));
    assert.equal((await stage.page.$$('#ribbon .returned')).length, 1);
    await stage.more(3);
    await assertNothingLost(stage);
    assert.equal((await stage.clock('est')).state, 'live');
  });

  scene('with a type left out, the page does not claim that nothing was lost', { breaks: true }, async (stage) => {
    await stage.page.uncheck('input[value=pdt]');
    await stage.more(4);
    await stage.page.click('#cut');
    await stage.text('#status', /^Back after [\d.]+ s: \d+ events? caught up\.$/);
    // What was chosen is all there nevertheless: an event a second, told by its own time.
    await stage.more(4, 'est');
    const times = (await stage.events()).filter(({ type }) => type === 'est').map(({ data }) => Date.parse(JSON.parse(data).iso));
    assert.deepEqual(times, times.map((_, i) => times[0] + i * 1000));
  });

  scene('reconnecting by hand does not sit out the wait', { breaks: true }, async (stage) => {
    await stage.more(3);
    await stage.page.click('#reconnect');
    await stage.text('#status', /^Back after .* none lost\.$/);
    assert.equal(stage.asked('/clocks').length, 2);
    await stage.more(3);
    await assertNothingLost(stage);
  });

  scene('removing the element closes its connection', {}, async (stage) => {
    const { page } = stage;
    await stage.more(4);
    assert.equal((await stage.stats()).open, 1);
    await page.click('#element');
    await until('no open stream', () => stage.stats(), ({ open }) => open === 0);
    await stage.text('#state', 'closed');
    await stage.text('#open', '0');
    assert.ok(await page.isVisible('.gone'));
    assert.equal(await page.$('#stream'), null);
    const { published } = await stage.stats();
    await until('events meanwhile', () => stage.stats(), (stats) => stats.published >= published + 6);
    await page.click('#element');
    await stage.text('#status', /^Back after .* none lost\.$/);
    await until('one open stream', () => stage.stats(), ({ open, page }) => open === 1 && page === 1);
    assert.ok(!(await page.isVisible('.gone')));
    await assertNothingLost(stage);
  });

  scene('closing the page closes its connection', {}, async (stage) => {
    const other = await stage.context.newPage();
    await other.goto(stage.server.origin);
    await until('two open streams', () => stage.stats(), ({ open, page }) => open === 2 && page === 1);
    await other.close();
    await until('one open stream', () => stage.stats(), ({ open, page }) => open === 1 && page === 1);
  });

  scene('a hub that was restarted is not said to have lost nothing', { breaks: true }, async (stage) => {
    await stage.more(4);
    const [{ id: old }] = await stage.events();
    await stage.server.restart();
    await stage.text('#status', 'The hub was restarted and began a new history.');
    await stage.more(3);
    const [{ id }] = (await stage.events()).slice(-1);
    assert.notEqual(id.split('.')[0], old.split('.')[0]);
    assert.match(await stage.page.textContent('#verdict'), /^Every id from /);
    // The items may have changed as well.
    await until('the list to be fetched again', () => stage.asked('/items').filter(({ pathname }) => pathname === '/items').length, (n) => n === 2);
  });
});
