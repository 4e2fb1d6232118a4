import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cwd, env, kill } from 'node:process';
import { after, before, test } from 'node:test';
import { TestHub, type HubOptions } from '../hub.js';
import { pause, type Browser, type BrowserName, type Session, type Tab } from './driver.js';
import { busiest, lives, withThread } from './processes.js';

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

/** The browser that the scenarios of this run are for. */
export const browserName: BrowserName = named(env['TIDINGS_BROWSER'] ?? 'chromium');

let browser: Browser | undefined;

before(async () => {
  browser = await start(browserName);
});

after(() => browser?.close());

function named(name: string): BrowserName {
  assert.ok(name === 'chromium' || name === 'firefox' || name === 'webkit', `TIDINGS_BROWSER is ${name}`);
  return name;
}

/** Loads the driver only of the browser that is wanted. */
async function start(name: BrowserName): Promise<Browser> {
  if (name === 'firefox') return (await import('./firefox.js')).launch();
  if (name === 'webkit') return (await import('./webkit.js')).launch();
  return (await import('./chromium.js')).launch();
}

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
  readonly kind: Kind;
  readonly #session: Session;
  tabs: Tab[] = [];
  readonly #sent = new Map<string, number>();
  /** Processes that had workers before there were any of these tabs. */
  readonly #before: ReadonlySet<number>;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(hub: TestHub, kind: Kind, session: Session) {
    this.hub = hub;
    this.kind = kind;
    this.#session = session;
    this.#before = new Set(withThread(session.pid, session.workerThread));
  }

  async open(topics: string[] = ['a']): Promise<Tab> {
    const query = topics.map((topic) => `topic=${topic}&`).join('');
    const tab = await this.#session.open(`${this.hub.origin}/?${query}share=${this.kind}`);
    this.tabs.push(tab);
    return tab;
  }

  /** Opens tabs one after the other, and waits until all are served. */
  async openMany(count: number, topics?: string[]): Promise<void> {
    for (let i = 0; i < count; i++) await this.open(topics);
    await this.allOpen();
  }

  async allOpen(): Promise<void> {
    for (const tab of this.tabs) assert.ok(await tab.waitFor(20_000, () => window.source.state === 'open'), 'a tab has its stream');
  }

  /** Calls a function in every tab. */
  each<T>(work: () => T): Promise<Awaited<T>[]> {
    return Promise.all(this.tabs.map((tab) => tab.evaluate(work)));
  }

  send(topic: string, more: { type?: string; id?: string } = {}): void {
    const n = (this.#sent.get(topic) ?? 0) + 1;
    this.#sent.set(topic, n);
    this.hub.publish(topic, JSON.stringify({ topic, n, at: Date.now() }), more);
  }

  last(topic: string): number {
    return this.#sent.get(topic) ?? 0;
  }

  /** Publishes all the time, until `settle`; to one topic, and now and then with a name, if not told what. */
  stream(publish: (n: number) => void = (n) => this.send('a', { type: n % 3 === 0 ? 'named' : '' })): void {
    let n = 0;
    this.#ticker = setInterval(() => publish(++n), 20);
  }

  /** The tab in which the connection is, or from which the worker was started. */
  async hostTab(): Promise<Tab> {
    if (this.kind !== 'leader') return this.tabs[0] as Tab;
    for (const tab of this.tabs) if ((await tab.evaluate(() => window.source.role)) === 'leader') return tab;
    return assert.fail('no tab leads');
  }

  async close(tab: Tab): Promise<void> {
    this.forget(tab);
    await tab.close();
  }

  forget(gone: Tab): void {
    this.tabs = this.tabs.filter((tab) => tab !== gone);
  }

  /** The process in which the connection is held: where the worker runs, or the page that holds it does. */
  async hostProcess(): Promise<number> {
    if (this.kind === 'worker') {
      const { pid: root, workerThread } = this.#session;
      const found = withThread(root, workerThread).filter((each) => !this.#before.has(each));
      assert.equal(found.length, 1, `the process of the worker was found: [${found}]`);
      return found[0] as number;
    }
    return this.processOf(await this.hostTab());
  }

  /** The process of a page: that which works when the page does. */
  async processOf(tab: Tab): Promise<number> {
    // So much work, not so much time: of that, a busy machine may give it little.
    const { pid, worked } = await busiest(this.#session.pid, () => tab.evaluate(() => {
      let x = 1;
      for (let i = 0; i < 1e8; i++) x = Math.imul(x, 48_271) + i;
      return x;
    }));
    assert.ok(worked > 10, `the process of the page was found: ${pid} worked ${worked / 100} s`);
    return pid;
  }

  /** Ends the host's process, and with it a connection. */
  async killHost(signal: 'SIGKILL' | 'SIGABRT'): Promise<void> {
    const ended = (): number => this.hub.requests.length - this.hub.open;
    const before = ended();
    await this.kill(await this.hostProcess(), signal);
    for (const end = Date.now() + 5_000; ended() === before; await pause(20)) assert.ok(Date.now() < end, 'no connection ended with the process');
  }

  /** Ends a process, and forgets the tabs that went with it. */
  async kill(pid: number, signal: 'SIGKILL' | 'SIGABRT'): Promise<void> {
    await this.#session.brace?.();
    kill(pid, signal);
    for (const end = Date.now() + 10_000; lives(pid); await pause(5)) assert.ok(Date.now() < end, `${signal} did not end the process`);
    const there = await Promise.all(this.tabs.map((tab) => tab.isThere()));
    const left = this.tabs.filter((_, i) => there[i]);
    assert.ok(left.length >= this.tabs.length - 1, `the process had one tab at most: ${left.length} of ${this.tabs.length} are left`);
    this.tabs = left;
  }

  signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
    kill(pid, name);
  }

  /** Stops publishing and waits until each tab has the last event of each of its topics; then looks at all that they
   *  had: nothing may be missing or there twice. */
  async settle(patience = 30_000): Promise<void> {
    clearInterval(this.#ticker);
    for (const topic of this.#sent.keys()) this.send(topic);
    const sent = Object.fromEntries(this.#sent);
    for (const tab of this.tabs) {
      const done = await tab.waitFor(patience, (all) => {
        const topics = new URLSearchParams(location.search).getAll('topic');
        return topics.every((topic) => window.tab.got[topic]?.at(-1) === all[topic]);
      }, sent);
      const { got, states, state, role } = await tab.evaluate(() => ({ ...window.tab, state: window.source.state, role: window.source.role }));
      assert.ok(done, `a tab waits for ${JSON.stringify(sent)}: ${JSON.stringify([Object.entries(got).map(([topic, all]) => [topic, all.at(-1)]), state, role, states])}`);
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

/** Declares a test that has a hub and a session of its own. */
export function tabs(name: string, kind: Kind, play: (tabs: Tabs) => Promise<void>, options?: HubOptions): void {
  test(`${browserName}, ${kind}: ${name}`, { timeout: 90_000 + Number(env['TIDINGS_EVENTS'] ?? 0) }, async (t) => {
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
    let session: Session | undefined;
    let all: Tabs | undefined;
    try {
      session = await browser.session();
      t.diagnostic(session.version);
      all = new Tabs(hub, kind, session);
      await play(all);
    } finally {
      all?.end();
      await session?.close();
      await hub.down();
    }
  });
}
