// What the tests of the page have in common: the binary, as people run it, and a real browser.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
// The tools of all tests in JavaScript are those of web/.
const { chromium } = createRequire(join(root, 'web/package.json'))('playwright-core');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

let folder;
let browser;

before(async () => {
  assert.ok(existsSync(executablePath), `no browser at ${executablePath}: install Chromium or set CHROMIUM to its path`);
  folder = await mkdtemp(join(tmpdir(), 'tidings-demo-'));
  execFileSync('go', ['build', '-o', join(folder, 'tidings'), './cmd/tidings'], { cwd: root, stdio: 'inherit' });
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** A running `tidings demo`. */
class Site {
  #process;
  origin;

  static async start() {
    const site = new Site();
    await site.#start('127.0.0.1:0');
    return site;
  }

  async #start(addr) {
    this.#process = spawn(join(folder, 'tidings'), ['demo', '--addr', addr], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: this.#process.stdout })) {
      const url = /http:\/\/\S+/.exec(line)?.[0];
      if (!url) continue;
      this.origin = new URL(url).origin;
      return;
    }
    throw new Error('the demo ended without saying where it listens');
  }

  /** Ends it and starts it again at the same address. */
  async restart() {
    await this.stop();
    await this.#start(new URL(this.origin).host);
  }

  /** What the server says of its streams. */
  async stats(page = '') {
    return (await fetch(`${this.origin}/stats?page=${page}`)).json();
  }

  /** Ends it as Ctrl-C does; fails unless it ends well. */
  async stop() {
    this.#process.kill('SIGINT');
    const [code] = await once(this.#process, 'exit');
    assert.equal(code, 0, 'the exit code of tidings demo');
  }
}

/** The scenes of a file, some of them at a time: most of what they do is to wait for the next second. */
export function scenes(name, declare) {
  describe(name, { concurrency: 4 }, declare);
}

/**
 * Declares a test with a server and a page of its own. It fails if the page reports an error or a violation of its policy, or asks
 * another host for anything; in a test that `breaks` connections, those of the stream may fail.
 */
export function scene(name, { breaks = false, load = true, ...options }, play) {
  test(name, { timeout: 90_000 }, async () => {
    const server = await Site.start();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const faults = [];
    const requests = [];
    try {
      await context.addInitScript(record);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('console', (message) => {
        // The browser reports a request that failed as an error at its address.
        const { pathname } = new URL(message.location().url || server.origin);
        const broken = breaks && ['/clocks', '/shared', '/stats', '/items'].includes(pathname);
        if (message.type() === 'error' && !broken) faults.push(message.text());
      });
      page.on('request', (request) => {
        const url = new URL(request.url());
        requests.push(url);
        if (url.origin !== server.origin && url.protocol !== 'data:') faults.push(`request to ${url}`);
      });
      const stage = new Stage(server, page, context, requests);
      if (load) await stage.load();
      await play(stage);
      if (load) faults.push(...(await page.evaluate(() => window.recording.violations)));
      assert.deepEqual(faults, [], 'faults of the page');
    } finally {
      await context.close();
      await server.stop();
    }
  });
}

/** Runs in the page, before its own scripts. */
function record() {
  const recording = { events: [], states: [], lastBeforeLoss: '', violations: [] };
  window.recording = recording;
  addEventListener('securitypolicyviolation', (event) => {
    recording.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
  });
  addEventListener('DOMContentLoaded', () => {
    const stream = document.querySelector('#stream');
    if (!stream) return;
    stream.addEventListener('sse', ({ detail: { type, data, lastEventId } }) => {
      recording.events.push({ type, data, id: lastEventId });
    });
    stream.addEventListener('sse:state', ({ detail: { state, reason } }) => {
      recording.states.push(`${state} ${reason}`);
      if (reason === 'lost') recording.lastBeforeLoss = recording.events.at(-1)?.id;
    });
  });
}

/** What a test works with. */
class Stage {
  constructor(server, page, context, requests) {
    Object.assign(this, { server, page, context, requests });
  }

  async load() {
    await this.page.goto(this.server.origin);
    await this.text('#state', 'open');
  }

  /** The paths that were asked for, of those that begin so. */
  asked(prefix) {
    return this.requests.filter(({ pathname }) => pathname.startsWith(prefix));
  }

  /** The name under which the server knows the page. */
  get name() {
    return this.asked('/clocks')[0].searchParams.get('page');
  }

  stats() {
    return this.server.stats(this.name);
  }

  /** The events that arrived. */
  events() {
    return this.page.evaluate(() => window.recording.events);
  }

  states() {
    return this.page.evaluate(() => window.recording.states);
  }

  /** Waits for this many further events, of this type if one is given. */
  async more(count, type) {
    const have = async () => (await this.events()).filter((event) => !type || event.type === type).length;
    const now = await have();
    await until(`${count} more events`, have, (got) => got >= now + count);
  }

  /** Waits until an element has this text. */
  async text(selector, want) {
    const matches = (got) => (want instanceof RegExp ? want.test(got) : got === want);
    return until(`${selector} to say ${want}`, async () => (await this.page.textContent(selector)).trim(), matches);
  }

  clock(type) {
    return this.page.evaluate((type) => {
      const node = document.querySelector(`[data-clock=${type}]`);
      const time = node.querySelector('time');
      const angle = (hand) => Number(/rotate\((-?[\d.]+)deg\)/.exec(node.querySelector(hand).style.transform)?.[1]);
      return {
        state: node.dataset.state,
        text: time.textContent,
        iso: time.dateTime,
        abbr: node.querySelector('.abbr').textContent,
        angles: ['.hour', '.minute', '.second'].map(angle),
      };
    }, type);
  }
}

/** Waits until `read` gives what `accept` takes, and returns it; fails with what it last gave. */
export async function until(what, read, accept) {
  const end = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > end) assert.fail(`waited in vain for ${what}; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Fails unless the ids are consecutive places of one history. */
export function assertConsecutive(ids) {
  const places = ids.map((id) => /^#(\w+)\.(\d+)$/.exec(id));
  assert.ok(places.length > 1 && places.every(Boolean), `ids: ${ids}`);
  const [, epoch, first] = places[0];
  assert.deepEqual(ids, places.map((_, i) => `#${epoch}.${Number(first) + i}`));
}
