import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cwd, env, kill } from 'node:process';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { TestHub, type HubOptions } from '../hub.js';

/** What a tab keeps of what it received. */
export interface TabRecord {
  /** The data of each event: numbers, by topic. */
  got: Record<string, number[]>;
  /** Milliseconds that events took from publication, if they say when that was. */
  readonly late: number[];
  readonly states: string[];
  readonly gaps: unknown[];
  persisted: boolean;
}

declare global {
  interface Window {
    tab: TabRecord;
    source: import('../../src/shared.js').SharedEventSource;
  }
}

export type Kind = 'worker' | 'leader' | 'none';

const executablePath = env['CHROMIUM'] ?? '/usr/bin/chromium';
let browser: Browser | undefined;
let cdp: CDPSession | undefined;

before(async () => {
  browser = await chromium.launch({
    executablePath,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  cdp = await browser.newBrowserCDPSession();
});

after(() => browser?.close());

/** The page of a tab: takes its topics and manner of sharing from its address. */
const html = `<!doctype html><title>tab</title><script type="module">
  import { SharedEventSource } from '/tidings.js';
  const query = new URLSearchParams(location.search);
  const tab = (window.tab = { got: {}, late: [], states: [], gaps: [], persisted: false });
  addEventListener('pageshow', (event) => (tab.persisted ||= event.persisted));
  const topics = query.getAll('topic').map((topic) => 'topic=' + encodeURIComponent(topic)).join('&');
  const source = (window.source = new SharedEventSource('/hub?' + topics, { share: query.get('share'), events: ['named'] }));
  const take = ({ data }) => {
    const { topic, n, at } = JSON.parse(data);
    (tab.got[topic] ??= []).push(n);
    if (at) tab.late.push(Date.now() - at);
  };
  source.onmessage = take;
  source.addEventListener('named', take);
  source.addEventListener('gap', ({ detail }) => tab.gaps.push(detail));
  source.addEventListener('sse:state', ({ detail }) => tab.states.push(detail.state + ' ' + detail.reason));
</script>`;

/** A hub that also serves the tabs, tabs, and what happens to them. */
export class Tabs {
  readonly hub: TestHub;
  readonly context: BrowserContext;
  readonly kind: Kind;
  pages: Page[] = [];
  readonly #sent = new Map<string, number>();
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(hub: TestHub, context: BrowserContext, kind: Kind) {
    this.hub = hub;
    this.context = context;
    this.kind = kind;
  }

  async open(topics: string[] = ['a']): Promise<Page> {
    const page = await this.context.newPage();
    const query = topics.map((topic) => `topic=${topic}&`).join('');
    await page.goto(`${this.hub.origin}/?${query}share=${this.kind}`);
    this.pages.push(page);
    return page;
  }

  /** Opens tabs one after the other, and waits until all are served. */
  async openMany(count: number, topics?: string[]): Promise<void> {
    for (let i = 0; i < count; i++) await this.open(topics);
    await this.allOpen();
  }

  async allOpen(): Promise<void> {
    for (const page of this.pages) await page.waitForFunction(() => window.source.state === 'open', undefined, { timeout: 20_000 });
  }

  send(topic: string, more: { type?: string; id?: string } = {}): void {
    const n = (this.#sent.get(topic) ?? 0) + 1;
    this.#sent.set(topic, n);
    this.hub.publish(topic, JSON.stringify({ topic, n, at: Date.now() }), more);
  }

  last(topic: string): number {
    return this.#sent.get(topic) ?? 0;
  }

  /** Publishes all the time, until `settle`. */
  stream(topics: string[] = ['a'], every = 20): void {
    let n = 0;
    this.#ticker = setInterval(() => {
      n += 1;
      for (const topic of topics) this.send(topic, { type: n % 3 === 0 ? 'named' : '' });
    }, every);
  }

  /** The tab in which the connection is, or from which the worker was started. */
  async hostTab(): Promise<Page> {
    if (this.kind !== 'leader') return this.pages[0] as Page;
    for (const page of this.pages) if ((await page.evaluate(() => window.source.role)) === 'leader') return page;
    return assert.fail('no tab leads');
  }

  forget(page: Page): void {
    this.pages = this.pages.filter((other) => other !== page);
  }

  /** The process of a page: that which works when the page does. */
  async pid(page: Page): Promise<number> {
    const times = async (): Promise<Map<number, number>> => {
      const { processInfo } = await (cdp as CDPSession).send('SystemInfo.getProcessInfo');
      return new Map(processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]));
    };
    const first = await times();
    await page.evaluate(() => {
      for (const end = Date.now() + 400; Date.now() < end; );
    });
    const worked = [...(await times())].map(([id, time]) => [id, time - (first.get(id) ?? 0)] as const);
    const [busiest] = worked.sort(([, a], [, b]) => b - a);
    assert.ok(busiest && busiest[1] > 0.2, 'the process of the page was found');
    return busiest[0];
  }

  signal(pid: number, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    kill(pid, name);
  }

  /** Stops publishing and waits until each tab has the last event of each of its topics; then looks at all that they
   *  had: nothing may be missing or there twice. */
  async settle(patience = 30_000): Promise<void> {
    clearInterval(this.#ticker);
    for (const topic of this.#sent.keys()) this.send(topic);
    const sent = Object.fromEntries(this.#sent);
    for (const page of this.pages) {
      await page.waitForFunction((all) => {
        const topics = new URLSearchParams(location.search).getAll('topic');
        return topics.every((topic) => window.tab.got[topic]?.at(-1) === all[topic]);
      }, sent, { timeout: patience }).catch(async () => {
        assert.fail(`a tab waits for ${JSON.stringify(sent)}: ${JSON.stringify(await page.evaluate(() => [Object.entries(window.tab.got).map(([topic, all]) => [topic, all.at(-1)]), window.source.state, window.source.role, window.tab.states]))}`);
      });
      const { got } = await page.evaluate(() => window.tab);
      for (const [topic, numbers] of Object.entries(got)) {
        const first = numbers[0] ?? 0;
        assert.deepEqual(numbers, numbers.map((_, i) => first + i), `events of ${topic}, each once and in order`);
      }
    }
  }

  async connections(count: number): Promise<void> {
    for (const end = Date.now() + 15_000; this.hub.open !== count; await pause(20)) {
      assert.ok(Date.now() < end, `${this.hub.open} connections, not ${count}`);
    }
  }

  end(): void {
    clearInterval(this.#ticker);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Declares a test that has a hub and a context of its own. */
export function tabs(name: string, kind: Kind, play: (tabs: Tabs) => Promise<void>, options?: HubOptions): void {
  test(`${kind}: ${name}`, { timeout: 90_000 + Number(env['TIDINGS_EVENTS'] ?? 0) }, async () => {
    assert.ok(browser, 'the browser did not start');
    const hub = await TestHub.start(options);
    hub.serve = async (url, response) => {
      if (url.pathname.endsWith('.js')) {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(await readFile(join(cwd(), 'dist', url.pathname)));
      } else if (url.pathname === '/favicon.ico') {
        response.writeHead(204).end();
      } else {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(url.pathname === '/' ? html : '<!doctype html><title>elsewhere</title>');
      }
    };
    const context = await browser.newContext();
    const all = new Tabs(hub, context, kind);
    try {
      await play(all);
    } finally {
      all.end();
      await context.close();
      await hub.down();
    }
  });
}
