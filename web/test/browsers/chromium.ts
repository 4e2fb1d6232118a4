import { env } from 'node:process';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { Tab, type Browser, type Session } from './driver.js';

const executable: string = env['CHROMIUM'] ?? '/usr/bin/chromium';

export class ChromiumTab extends Tab {
  readonly page: Page;

  constructor(page: Page) {
    super();
    this.page = page;
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
  }

  close(): Promise<void> {
    return this.page.close();
  }

  protected run(expression: string): Promise<unknown> {
    return this.page.evaluate(expression);
  }
}

class ChromiumSession implements Session {
  readonly version: string;
  readonly pid: number;
  readonly workerThread = 'SharedWorker th';
  readonly #context: BrowserContext;

  constructor(context: BrowserContext, version: string, pid: number) {
    this.#context = context;
    this.version = version;
    this.pid = pid;
  }

  async open(url: string): Promise<Tab> {
    const tab = new ChromiumTab(await this.#context.newPage());
    await tab.goto(url);
    return tab;
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}

/** Chromium through playwright-core. All its tabs are in sight. */
export async function launch(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: executable,
    // By default the driver keeps pages out of the back/forward cache, and with it out of our tests.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const pid = processInfo.find(({ type }) => type === 'browser')?.id ?? NaN;
  return {
    session: async () => new ChromiumSession(await browser.newContext(), `chromium/${browser.version()}`, pid),
    close: () => browser.close(),
  };
}
