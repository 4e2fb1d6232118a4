import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { EventSourceElement, SseStateDetail } from '../../src/index.js';
import { TestHub } from '../hub.js';
import { StreamServer } from './stream-server.js';

/** What the recorder in the page has kept. */
export interface Recording {
  events: { type: string; data: string; lastEventId: string }[];
  states: SseStateDetail[];
}

declare global {
  interface Window {
    recording: Recording;
    Tidings: unknown;
  }
}

/** What a test works with: a server and a browser's page of its own. */
export interface Stage {
  readonly server: StreamServer;
  /** A hub under `/hub` of the same server. */
  readonly hub: TestHub;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Loads a page with this body and the component. */
  load(body: string): Promise<void>;
  /** What the page has recorded so far. */
  recording(): Promise<Recording>;
  /** The data of the events so far. */
  data(): Promise<string[]>;
  /** The element's state. */
  state(): Promise<string>;
}

const executablePath = env['CHROMIUM'] ?? '/usr/bin/chromium';
const loader = '<script type="module" src="/tidings.js"></script>';

let browser: Browser | undefined;

before(async () => {
  assert.ok(existsSync(executablePath), `no browser at ${executablePath}: install Chromium or set CHROMIUM to its path`);
  browser = await chromium.launch({
    executablePath,
    // By default the driver keeps pages out of the back/forward cache, and with it out of our tests.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

after(() => browser?.close());

/** A context of the file's browser, for tests with a server of their own. */
export function newContext(): Promise<BrowserContext> {
  assert.ok(browser, 'the browser did not start');
  return browser.newContext();
}

/** Declares a test that has a stage. Errors in the page that nobody caught fail it. */
export function scene(name: string, play: (stage: Stage) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    assert.ok(browser, 'the browser did not start');
    const server = await StreamServer.start();
    const context = await browser.newContext();
    const faults: Error[] = [];
    try {
      await context.addInitScript(record);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error));
      await play({
        server,
        hub: server.hub,
        context,
        page,
        async load(body) {
          server.body = body + loader;
          await page.goto(server.origin);
        },
        recording: () => page.evaluate(() => window.recording),
        data: () => page.evaluate(() => window.recording.events.map(({ data }) => data)),
        state: () => page.evaluate(() => (document.querySelector('event-source') as EventSourceElement).state),
      });
      assert.deepEqual(faults, [], 'errors in the page');
    } finally {
      await context.close();
      await server.down();
    }
  });
}

/** Runs in the page, before its own scripts: keeps what bubbles up to the document. */
function record(): void {
  const recording: Recording = { events: [], states: [] };
  window.recording = recording;
  document.addEventListener('sse', ({ detail: { type, data, lastEventId } }) => {
    recording.events.push({ type, data, lastEventId });
  });
  document.addEventListener('sse:state', ({ detail }) => recording.states.push(detail));
}

/** Waits until `read` gives what `accept` takes, and returns it; fails with what it last gave. */
export async function until<T>(what: string, read: () => T | Promise<T>, accept: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > end) assert.fail(`waited in vain for ${what}; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Says that the token ends until another request comes: a stream that has only just begun is not made anew for that. */
export async function expire(hub: TestHub): Promise<void> {
  const before = hub.requests.length;
  const warn = (): number => {
    hub.signal('expiring', { at: 0, in: 1_000 });
    return hub.requests.length;
  };
  await until('the next request', warn, (count) => count > before);
}

/** Waits until the server has this many open streams. */
export async function streams(server: StreamServer, count: number): Promise<void> {
  await until(`${count} open streams`, () => server.open, (open) => open === count);
}

/** Waits until a value is equal to what is wanted. */
export async function eventually<T>(what: string, read: () => T | Promise<T>, want: T): Promise<void> {
  const wanted = JSON.stringify(want);
  await until(`${what} to be ${wanted}`, read, (value) => JSON.stringify(value) === wanted);
}
