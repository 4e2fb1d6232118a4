import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { after, before } from 'node:test';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

const executablePath = env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Has a browser for the tests of a file; returns what makes contexts of it. */
export function useChromium(): () => Promise<BrowserContext> {
  let browser: Browser | undefined;
  before(async () => {
    assert.ok(existsSync(executablePath), `no browser at ${executablePath}: install Chromium or set CHROMIUM to its path`);
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
  });
  after(() => browser?.close());
  return async () => {
    assert.ok(browser, 'the browser did not start');
    return browser.newContext();
  };
}
