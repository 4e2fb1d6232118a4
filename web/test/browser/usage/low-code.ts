import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cwd } from 'node:process';
import type { Page } from 'playwright-core';
import { eventually, expire, until } from '../harness.js';
import { Application } from './app.js';
import { usage } from './usage.js';

type Output = [output: string, value: Record<string, unknown>];

declare global {
  interface Window {
    block: { set(name: string, value: string | boolean): void; remove(): void };
    values: Output[];
  }
}

const folder = join(dirname(cwd()), 'examples', 'web', 'low-code');

async function stage(change: (html: string) => string = (html) => html): Promise<Application> {
  const application = await Application.start(folder);
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  application.pages['/'] = () => change(html);
  return application;
}

/** What an output has said so far. */
async function said(page: Page, output: string): Promise<Record<string, unknown>[]> {
  return (await page.evaluate(() => window.values)).flatMap(([name, value]) => (name === output ? [value] : []));
}

async function received(page: Page): Promise<unknown[]> {
  return (await said(page, 'received')).map(({ type, data }) => `${type} ${data}`);
}

function set(page: Page, name: string, value: string | boolean): Promise<void> {
  return page.evaluate(([name, value]) => window.block.set(name, value), [name, value] as const);
}

/** Declares the tests of the block of a platform. */
export function lowCode(): void {
  usage('low-code: inputs, outputs, and what a change of inputs does', async (visit) => {
    const application = await stage();
    const { hub } = application;
    await visit(application, async (page) => {
      await page.goto(application.origin);
      await eventually('streams', () => hub.open, 1);
      await eventually('states', async () => (await said(page, 'state')).map(({ state }) => state), ['connecting', 'open']);
      const { id } = hub.publish('builds', '{"name":"main","status":"green"}', { type: 'build' });
      hub.publish('news', 'plain');
      hub.publish('news', 'not listed', { type: 'other' });
      hub.publish('news', 'end');
      await eventually('events', () => received(page), ['build {"name":"main","status":"green"}', 'message plain', 'message end']);
      const [first] = await said(page, 'received');
      assert.deepEqual(first, { type: 'build', data: '{"name":"main","status":"green"}', json: { name: 'main', status: 'green' }, lastEventId: id });

      // Another list of events: from now on, on the same stream. Another address: another stream.
      await set(page, 'events', 'other no-message');
      hub.publish('news', 'listed', { type: 'other' });
      await eventually('the last event', async () => (await received(page)).at(-1), 'other listed');
      assert.equal(hub.requests.length, 1);
      await set(page, 'src', '/.well-known/mercure?match=news');
      await until('the next request', () => hub.requests.at(-1)?.query.getAll('match'), (match) => match?.join() === 'news');
      await eventually('streams', () => hub.open, 1);

      await application.lose(() => hub.publish('news', 'lost', { type: 'other' }));
      await until('the word that something is lost', () => said(page, 'lost'), ({ length }) => length === 1);
      assert.equal((await said(page, 'lost'))[0]?.['why'], 'retention');

      // A platform moves a block, then takes it away.
      await page.evaluate(() => document.body.append(document.querySelector('event-source')!));
      hub.publish('news', 'moved', { type: 'other' });
      await eventually('the last event', async () => (await received(page)).at(-1), 'other moved');
      await page.evaluate(() => window.block.remove());
      await eventually('streams', () => hub.open, 0);
    });
  });

  usage('low-code: a token as an input', async (visit) => {
    const application = await stage((html) => html.replace('/tidings.js', '/token-events.js').replace("'event-source'", "'token-events'")
      .replace("events: 'build'", "events: 'build', token: 'first'"));
    const { hub } = application;
    await visit(application, async (page) => {
      await page.goto(application.origin);
      await eventually('streams', () => hub.open, 1);
      await set(page, 'token', 'second');
      await expire(hub);
      await eventually('tokens', () => hub.requests.map(({ authorization }) => authorization), ['Bearer first', 'Bearer second']);
      await eventually('streams', () => hub.open, 1);
      hub.publish('news', 'hello');
      await eventually('events', () => received(page), ['message hello']);
    });
  });
}
