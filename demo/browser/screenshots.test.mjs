// Writes demo/test-results/*.png, to be looked at. docs/images/demo-light.png and demo-dark.png are wide-light-top.png and
// wide-dark-top.png.
import assert from 'node:assert/strict';
import { mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { scene, scenes } from './harness.mjs';

const folder = fileURLToPath(new URL('../test-results/', import.meta.url));

scenes('screenshots', () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, width, height] of [['wide', 1280, 900], ['narrow', 390, 844]]) {
      scene(`${name}, ${colorScheme}`, { colorScheme, viewport: { width, height }, breaks: true }, async (stage) => {
        await mkdir(folder, { recursive: true });
        const shoot = async (what, options) => {
          const path = `${folder}${name}-${colorScheme}${what}.png`;
          await stage.page.screenshot({ path, ...options });
          assert.ok((await stat(path)).size > 20_000, `${path} shows hardly anything`);
        };
        await stage.more(16);
        await stage.page.click('#cut-long');
        await stage.page.waitForSelector('[data-clock=pdt][data-state=stale]');
        await shoot('-cut');
        await stage.text('#status', /^Back after /);
        await stage.more(25);
        await shoot('');
        if (name === 'wide') await shoot('-top', { clip: { x: 0, y: 0, width, height: 852 } });
        await shoot('-full', { fullPage: true });
      });
    }
  }
});
