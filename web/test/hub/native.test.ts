// The browser's own EventSource, in Chromium.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { Hub } from './binary.js';
import { useChromium } from './chromium.js';
import { PageServer } from './page-server.js';
import { legacyToken, modernToken } from './tokens.js';
import { until } from './until.js';

interface Received {
  readonly id: string;
  readonly data: string;
}

declare global {
  interface Window {
    native: { source: EventSource; got: Received[]; errors: number[] };
  }
}

const newContext = useChromium();

/** Opens a source in a page. */
async function watch(page: Page, url: string, withCredentials = false): Promise<void> {
  await page.evaluate(([url, withCredentials]) => {
    const source = new EventSource(url, { withCredentials });
    window.native = { source, got: [], errors: [] };
    source.onmessage = ({ lastEventId, data }) => window.native.got.push({ id: lastEventId, data });
    source.onerror = () => window.native.errors.push(source.readyState);
  }, [url, withCredentials] as const);
}

/** Waits until a page has received so many updates, and returns them. */
function received(page: Page, count: number): Promise<Received[]> {
  return until(`${count} updates`, () => page.evaluate(() => window.native.got), ({ length }) => length >= count);
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a page gets exactly what it missed over a ${signal}`, { timeout: 60_000 }, async () => {
    const hub = await Hub.start({ data: 'disk' });
    const context = await newContext();
    try {
      const page = await context.newPage();
      const cursors: Promise<string | null>[] = [];
      page.on('request', (request) => {
        if (request.resourceType() === 'eventsource') cursors.push(request.allHeaders().then((all) => all['last-event-id'] ?? null));
      });
      await page.goto(hub.origin);
      await watch(page, '/.well-known/mercure?match=news');
      await hub.opened(1);
      const sent: Received[] = [];
      const publish = async (topic: string, data: string, more = {}): Promise<void> => {
        const id = await hub.publish({ topic, data, ...more });
        if (topic === 'news') sent.push({ id, data });
      };
      await publish('news', 'one');
      await publish('other', 'not for us');
      await publish('news', 'two\nlines', { id: 'urn:beispiel:zwölf–日本' });
      await received(page, 2);
      await hub.down(signal);
      await hub.elsewhere(async () => {
        await publish('news', 'three');
        await publish('other', 'not for us either');
        await publish('news', 'four', { id: 'urn:example:4' });
      });
      await hub.up();
      await hub.opened(1);
      await publish('news', 'five');
      assert.deepEqual(await received(page, 5), sent);
      const asked = await Promise.all(cursors);
      assert.equal(asked[0], null);
      // What follows are bytes of UTF-8, which the driver shows in another encoding.
      assert.match(asked.at(-1) ?? '', /^urn:beispiel:zw/);
      // It was lost, and came back: it did not give up.
      const errors = await page.evaluate(() => window.native.errors);
      assert.deepEqual(new Set(errors), new Set([0]));
    } finally {
      await context.close();
      await hub.remove();
    }
  });
}

/** Plays with an application at http://localhost, which browsers take for secure, and a hub beside it. */
async function apart(cookie: string, play: (stage: { hub: Hub; page: Page; hubURL: string; pages: PageServer }) => Promise<void>): Promise<void> {
  const pages = await PageServer.start();
  pages.cookies = [`${cookie}; Path=/.well-known/mercure; HttpOnly; SameSite=Strict`];
  const hub = await Hub.start({ flags: ['--allow-origin', `http://localhost:${pages.port}`], data: 'disk' });
  const context = await newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://localhost:${pages.port}/`);
    await play({ hub, page, hubURL: hub.url.replace('127.0.0.1', 'localhost'), pages });
  } finally {
    await context.close();
    await hub.remove();
    await pages.close();
  }
}

async function publishBoth(hub: Hub): Promise<void> {
  await hub.publish({ topic: 'news', data: 'private', private: 'on' });
  await hub.publish({ topic: 'news', data: 'public' });
}

for (const { name, cookie } of [
  { name: '__Secure-mercure_access_token', cookie: `__Secure-mercure_access_token=${modernToken({ subscribe: ['news'] })}; Secure` },
  { name: 'mercureAuthorization', cookie: `mercureAuthorization=${legacyToken({ subscribe: ['news'] })}` },
]) {
  test(`a page of another origin receives private updates by the cookie ${name}, and those that it missed`, { timeout: 60_000 }, () => apart(cookie, async ({ hub, page, hubURL }) => {
    assert.deepEqual((await page.context().cookies(hubURL)).map((kept) => kept.name), [name], 'the browser keeps the cookie');
    await watch(page, `${hubURL}?match=news`, true);
    await hub.opened(1);
    await publishBoth(hub);
    await received(page, 2);
    await hub.down();
    await hub.elsewhere(() => publishBoth(hub));
    await hub.up();
    await hub.opened(1);
    await publishBoth(hub);
    assert.deepEqual((await received(page, 6)).map(({ data }) => data), ['private', 'public', 'private', 'public', 'private', 'public']);
  }));

  test(`a page of another origin sends no cookie ${name} unless it says so`, { timeout: 60_000 }, () => apart(cookie, async ({ hub, page, hubURL }) => {
    await watch(page, `${hubURL}?match=news`);
    await hub.opened(1);
    await publishBoth(hub);
    assert.deepEqual((await received(page, 1)).map(({ data }) => data), ['public']);
  }));
}

test('a page of an origin that is not allowed is shown nothing', { timeout: 60_000 }, () => apart('other=1', async ({ hub, page, pages }) => {
  await page.goto(`http://127.0.0.1:${pages.port}/`);
  await watch(page, `${hub.url}?match=news&last_event_id=earliest`, true);
  await until('an error', () => page.evaluate(() => window.native.errors), ({ length }) => length > 0);
  await hub.publish({ topic: 'news', data: 'public' });
  const { got, errors } = await page.evaluate(() => ({ got: window.native.got, errors: window.native.errors }));
  assert.deepEqual({ got, errors }, { got: [], errors: [2] });
}));

test('a page of an allowed origin publishes by its cookie, and reads the id', { timeout: 60_000 }, () => {
  const cookie = `mercureAuthorization=${legacyToken({ publish: ['news'] })}`;
  return apart(cookie, async ({ hub, page, hubURL, pages }) => {
    await watch(page, `${hubURL}?match=news`);
    await hub.opened(1);
    const publish = (data: string): Promise<[number, string]> => page.evaluate(async ([url, data]) => {
      const answer = await fetch(url, { method: 'POST', credentials: 'include', body: new URLSearchParams({ topic: 'news', data }) });
      return [answer.status, await answer.text()];
    }, [hubURL, data] as const);
    const [status, id] = await publish('from a page');
    assert.equal(status, 200);
    assert.deepEqual(await received(page, 1), [{ id, data: 'from a page' }]);
    // The same user's browser, on a page that is not allowed: refused, whether or not it could read the answer.
    await page.goto(`http://127.0.0.1:${pages.port}/`);
    await assert.rejects(publish('from elsewhere'), /Failed to fetch/);
  });
});
