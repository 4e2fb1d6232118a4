import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { createInterface } from 'node:readline';
import { connect, type Browser as Puppet, type Page } from 'puppeteer-core';
import { Tab, type Browser, type Session } from './driver.js';
import { endAll } from './processes.js';

const executable: string = env['FIREFOX'] ?? '/usr/bin/firefox-esr';

class FirefoxTab extends Tab {
  readonly #page: Page;

  constructor(page: Page) {
    super();
    this.#page = page;
  }

  async goto(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  close(): Promise<void> {
    return this.#page.close();
  }

  protected run(expression: string): Promise<unknown> {
    return this.#page.evaluate(expression);
  }
}

/** Nothing asks for anything outside this machine: whatever is not on 127.0.0.1 has to go through a proxy that is not there. */
const preferences = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': '127.0.0.1',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'browser.shell.checkDefaultBrowser': false,
};

/**
 * Firefox through puppeteer-core and WebDriver BiDi. Of its tabs, only the one that was opened last is in sight.
 *
 * We start it ourselves: puppeteer-core would switch off the isolation of sites in processes, and pages that go would
 * be treated otherwise than in the browsers that people use.
 */
class FirefoxSession implements Session {
  readonly version: string;
  readonly pid: number;
  readonly workerThread = 'DOM Worker';
  readonly #browser: Puppet;
  readonly #process: ChildProcess;
  readonly #profile: string;

  constructor(browser: Puppet, version: string, process: ChildProcess, profile: string) {
    this.version = version;
    this.pid = process.pid ?? NaN;
    this.#browser = browser;
    this.#process = process;
    this.#profile = profile;
  }

  static async start(): Promise<FirefoxSession> {
    const profile = await mkdtemp(join(tmpdir(), 'tidings-firefox-'));
    const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
    await writeFile(join(profile, 'user.js'), lines.join(''));
    const firefox = spawn(executable, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0', 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...env, MOZ_CRASHREPORTER_DISABLE: '1' },
    });
    try {
      const browser = await connect({ protocol: 'webDriverBiDi', browserWSEndpoint: `${await address(firefox.stderr)}/session` });
      return new FirefoxSession(browser, await browser.version(), firefox, profile);
    } catch (error) {
      endAll(firefox.pid ?? NaN);
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
      throw error;
    }
  }

  async open(url: string): Promise<Tab> {
    const tab = new FirefoxTab(await this.#browser.newPage());
    await tab.goto(url);
    return tab;
  }

  async close(): Promise<void> {
    const exited = once(this.#process, 'exit');
    // Asked politely, it now and then waits a minute for a page that has crashed.
    endAll(this.pid);
    await exited;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Each session is a browser of its own: what processes are left of others would be hard to tell apart. */
export async function launch(): Promise<Browser> {
  return { session: () => FirefoxSession.start(), close: async () => {} };
}

/** Where Firefox says that it listens; what else it says has to be read, too. */
function address(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const lines = createInterface(output);
    lines.on('line', (line) => {
      const [, found] = /WebDriver BiDi listening on (\S+)/.exec(line) ?? [];
      if (found) resolve(found);
      else said = `${said}\n${line}`.slice(-2_000);
    });
    lines.on('close', () => reject(new Error(`Firefox ended: ${said}`)));
  });
}
