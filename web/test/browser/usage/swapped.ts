import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cwd } from 'node:process';
import type { Page } from 'playwright-core';
import { eventually, expire } from '../harness.js';
import { Application } from './app.js';
import { usage } from './usage.js';

const examples = join(dirname(cwd()), 'examples', 'web');

function list(page: Page): Promise<string[]> {
  return page.locator('#builds li').allTextContents();
}

/** The list of builds as the application renders it. */
function items(application: Application): string {
  return application.shown.map((text) => `<li id="build-${text.split(' ')[0]}">${text}</li>`).join('');
}

interface Swapper {
  /** The framework, and the folder of its example. */
  readonly name: string;
  readonly folder: string;
  /** What is served as its script, among the installed packages. */
  readonly script: readonly [path: string, file: string];
  /** The example's page as a test changes it. */
  readonly change?: (html: string) => string;
  /** The event for a change, if it is not JSON. */
  readonly event?: string;
  /** Whether the element survives a visit, and nothing that its pages say of its place counts. */
  readonly permanent?: boolean;
}

async function stage({ folder, script: [path, file], change = (html) => html, event }: Swapper): Promise<Application> {
  const root = join(examples, folder);
  const application = await Application.start(root);
  const page = change(await readFile(join(root, 'builds.html'), 'utf8'));
  const pageNow = (): string => page.replace('{{list}}', items(application)).replace('{{cursor}}', application.now.cursor);
  application.pages['/'] = application.pages['/again'] = pageNow;
  application.pages['/about'] = () => page.replace(/<event-source[^]*<\/event-source>/, '<p id="about">About</p>');
  application.pages['/list'] = () => items(application);
  const source = await readFile(join(cwd(), 'node_modules', file));
  application.assets[path] = source;
  if (event) {
    const template = await readFile(join(root, event), 'utf8');
    application.event = (name, status) => template.replaceAll('{{name}}', name).replaceAll('{{status}}', status);
  }
  return application;
}

/** Declares the tests of a framework that swaps parts of pages, or all of them, for what the server renders. */
export function swapped(swapper: Swapper): void {
  const { name, permanent = false } = swapper;

  usage(`${name}: live changes, a visit on the same stream, a gap, the end`, async (visit) => {
    const application = await stage(swapper);
    const { hub } = application;
    await visit(application, async (page) => {
      application.build('main', 'red');
      const html = application.pages['/'] as () => string;
      application.pages['/'] = () => {
        const body = html();
        if (!permanent) application.build('main', 'green');
        return body;
      };
      await page.goto(application.origin);
      await eventually('the list', () => list(page), application.shown);
      await eventually('the state', () => page.evaluate(() => document.querySelector('event-source')?.state), 'open');
      application.pages['/'] = html;
      application.build('next', 'red');
      await eventually('the list', () => list(page), application.shown);
      await page.evaluate(() => Object.assign(window, { mark: 'the same document' }));
      assert.equal(hub.requests.length, 1);

      // While the next page is under way, and after it is there.
      application.pages['/again'] = () => {
        const body = html();
        if (!permanent) application.build('under way', 'red');
        return body;
      };
      await page.click('a[href="/again"]');
      await page.waitForURL('**/again');
      application.pages['/again'] = html;
      await eventually('the list after a visit', () => list(page), application.shown);
      application.build('after', 'green');
      await eventually('the list', () => list(page), application.shown);
      assert.equal(await page.evaluate(() => (window as unknown as { mark: string }).mark), 'the same document');
      assert.deepEqual([hub.requests.length, hub.open], [1, 1], 'the visit was no news to the server');

      await application.lose(() => {
        application.build('lost', 'red');
        application.build('lost', 'green');
      });
      await eventually('the list after a gap', () => list(page), application.shown);
      application.build('again', 'green');
      await eventually('the list', () => list(page), application.shown);
      await eventually('streams', () => hub.open, 1);

      await page.click('a[href="/about"]');
      await page.waitForSelector('#about');
      await eventually('streams', () => hub.open, 0);
      assert.equal(await page.evaluate(() => (window as unknown as { mark: string }).mark), 'the same document');
      hub.floor = 0;
      // A page that Turbo had kept does not know its place if the element is permanent.
      if (!permanent) application.build('while away', 'green');
      await page.goBack();
      await eventually('the list after the way back', () => list(page), application.shown);
      await eventually('streams', () => hub.open, 1);
      assert.equal(hub.maxOpen, 1);
    });
  });

  usage(`${name}: a token for each connection`, async (visit) => {
    const application = await stage({
      ...swapper,
      change: (html) => (swapper.change?.(html) ?? html).replaceAll('event-source', 'private-events')
        .replace('<private-events', '<script type="module" src="/private-events.js"></script><private-events'),
    });
    await visit(application, async (page) => {
      await page.goto(application.origin);
      await eventually('streams', () => application.hub.open, 1);
      application.build('main', 'green');
      await eventually('the list', () => list(page), application.shown);
      await expire(application.hub);
      await eventually('tokens', () => application.hub.requests.map(({ authorization }) => authorization), ['Bearer token-1', 'Bearer token-2']);
      await page.click('a[href="/again"]');
      await page.waitForURL('**/again');
      application.build('next', 'green');
      await eventually('the list', () => list(page), application.shown);
      assert.equal(application.hub.requests.length, 2);
    });
  });
}
