// The page can be used: with a keyboard, on any screen, in any light, without motion, without script.
import assert from 'node:assert/strict';
import { scene, scenes, until } from './harness.mjs';

/** What has the focus, and whether that can be seen. */
function focused(page) {
  return page.evaluate(() => {
    const node = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(node);
    return {
      name: node.id || node.value || node.className || node.getAttribute('href') || node.localName,
      visible: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    };
  });
}

scenes('use', () => {
  scene('Tab reaches every control, visibly, and keys work them', { breaks: true }, async (stage) => {
    const { page } = stage;
    const reached = [];
    for (;;) {
      await page.keyboard.press('Tab');
      const { name, visible } = await focused(page);
      if (name === 'body' || reached.includes(name)) break;
      assert.ok(visible, `the focus on ${name} cannot be seen`);
      reached.push(name);
    }
    const want = ['skip', 'brand', '/clocks', 'theme', 'cut', 'cut-long', 'reconnect', 'element', 'est', 'pdt', 'ping', 'markup', 'pause', 'scroll', 'open-tabs', 'close-tabs', 'inspector'];
    assert.deepEqual(reached, want);
    // Whatever can be pressed is among them.
    assert.equal(await page.locator('a[href], button, input, [tabindex="0"]').count(), want.length);

    await page.focus('input[value=est]');
    await page.keyboard.press('Space');
    await stage.text('#events', 'pdt ping');
    await page.keyboard.press('Space');
    await stage.text('#events', 'est pdt ping');

    await page.focus('#pause');
    await page.keyboard.press('Enter');
    assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');

    await stage.more(2);
    await page.focus('#cut');
    await page.keyboard.press('Enter');
    await stage.text('#state', 'reconnecting');
    // A button that cannot be pressed keeps the focus, says so, and does nothing.
    assert.equal((await focused(page)).name, 'cut');
    assert.equal(await page.getAttribute('#cut', 'aria-disabled'), 'true');
    await page.keyboard.press('Enter');
    await stage.text('#state', 'open');
    assert.equal(await page.getAttribute('#cut', 'aria-disabled'), 'false');
    await stage.text('#status', /^Back after .* none lost\.$/);
  });

  scene('the link at the top skips to the clocks', {}, async ({ page }) => {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal((await focused(page)).name, 'clocks');
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).name, 'cut');
  });

  scene('only what happened to the connection is said aloud', {}, async (stage) => {
    const live = await stage.page.$$eval('[aria-live], [role=status], [role=alert], [role=log], output', (nodes) => nodes.map(({ id }) => id));
    assert.deepEqual(live, ['status', 'tabs-status']);
    await stage.more(6);
    assert.equal(await stage.page.textContent('#status') + (await stage.page.textContent('#tabs-status')), '');
  });

  for (const width of [320, 390, 640, 641, 768, 1024, 1025, 1200, 1201, 1280, 1920]) {
    scene(`at ${width} pixels nothing is wider than the screen`, { viewport: { width, height: 800 } }, async (stage) => {
      await stage.more(8);
      const { scrollWidth, innerWidth } = await stage.page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, innerWidth }));
      assert.equal(innerWidth, width);
      assert.ok(scrollWidth <= width, `the page is ${scrollWidth} wide`);
      // Nor does a text stick out of its panel.
      const out = await stage.page.$$eval('.clock, .panel', (panels) => panels.flatMap((panel) => {
        const { right } = panel.getBoundingClientRect();
        return [...panel.querySelectorAll('*')]
          .filter((node) => !node.closest('.markup, .ribbon, svg') && node.getBoundingClientRect().right > right)
          .map((node) => `${node.localName}.${node.className}`);
      }));
      assert.deepEqual(out, []);
    });
  }

  scene('the theme follows the system until one is chosen, which is kept', { colorScheme: 'dark' }, async (stage) => {
    const { page } = stage;
    const dark = () => page.evaluate(() => {
      const [red = 255] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
      return red < 128;
    });
    assert.equal(await dark(), true);
    await page.emulateMedia({ colorScheme: 'light' });
    assert.equal(await dark(), false);
    await page.click('#theme');
    await stage.text('#theme', 'Theme: light');
    await page.click('#theme');
    await stage.text('#theme', 'Theme: dark');
    assert.equal(await dark(), true);
    await page.reload();
    await stage.text('#theme', 'Theme: dark');
    assert.equal(await dark(), true);
    await page.click('#theme');
    await stage.text('#theme', 'Theme: system');
    assert.equal(await dark(), false);
  });

  for (const colorScheme of ['light', 'dark']) {
    scene(`texts have contrast, ${colorScheme}`, { colorScheme }, async (stage) => {
      await stage.more(8);
      const faint = await stage.page.evaluate(contrasts);
      assert.deepEqual(faint.filter(({ ratio }) => ratio < 4.5), []);
      assert.ok(faint.length > 20, `only ${faint.length} texts`);
    });
  }

  /** Runs in the page: the contrast of each text to what is painted behind it (WCAG 2.2, 1.4.3). */
  function contrasts() {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const painted = (colors) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const all = new Map();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const node = text.parentElement;
      // What is off or disabled need not have any.
      if (!text.data.trim() || !node.checkVisibility() || node.closest('[aria-disabled=true], [data-state=off], .fresh, noscript, script')) continue;
      const behind = [];
      for (let at = node; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
      const [dark, light] = [painted(behind), painted([...behind, getComputedStyle(node).color])].map(luminance).sort((a, b) => a - b);
      const name = `${node.localName}.${node.className}`;
      all.set(name, { name, text: text.data.trim().slice(0, 20), ratio: Number(((light + 0.05) / (dark + 0.05)).toFixed(2)) });
    }
    return [...all.values()];
  }

  scene('nothing is animated for those who asked for that', { reducedMotion: 'reduce' }, async (stage) => {
    await until('a ping', () => stage.page.textContent('#fetches'), (text) => text !== '0');
    await stage.page.click('#theme');
    assert.equal(await stage.page.evaluate(() => document.getAnimations().length), 0);
  });

  scene('motion is the default', { reducedMotion: 'no-preference' }, async (stage) => {
    await until('a running animation', () => stage.page.evaluate(() => document.getAnimations().length), (count) => count > 0);
  });

  scene('without script the page says so, and leads to the stream', { javaScriptEnabled: false, load: false }, async ({ server, page }) => {
    await page.goto(server.origin);
    assert.ok(await page.isVisible('noscript .warning a[href="/clocks"]'));
  });
});
