import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cwd } from 'node:process';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { eventually, expire, until } from '../harness.js';
import { Application, type Start } from './app.js';
import { usage } from './usage.js';

interface Built {
  readonly folder: string;
  readonly html: string;
  render(start: Start): string | Promise<string>;
}

/** Builds an example as its reader would: in a folder that has the packages, by its own configuration. */
export async function project(name: string, server: string): Promise<Built> {
  const folder = join(cwd(), '.build', 'usage', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await cp(join(dirname(cwd()), 'examples', 'web', name), folder, { recursive: true });
  await symlink(cwd(), join(folder, 'node_modules', 'tidings'));
  const options = { root: folder, logLevel: 'warn' } as const;
  await build(options);
  await build({ ...options, build: { ssr: server, outDir: 'server' } });
  const { render } = (await import(pathToFileURL(join(folder, 'server', 'server.js')).href)) as Built;
  return { folder: join(folder, 'dist'), html: await readFile(join(folder, 'dist', 'index.html'), 'utf8'), render };
}

function list(page: Page): Promise<string[]> {
  return page.locator('#builds li').allTextContents();
}

/** Declares the tests of an example that the application renders and the browser takes over. */
export function rendered(name: string, server: string): void {
  let built: Promise<Built>;
  const prepare = (): Promise<Built> => (built ??= project(name, server));

  usage(`${name}: an update between rendering and connecting, live ones, a gap, the end`, async (visit) => {
    const { folder, html, render } = await prepare();
    const application = await Application.start(folder);
    await visit(application, async (page) => {
      application.build('main', 'red');
      application.pages['/'] = async () => {
        const start = application.now;
        const body = html.replace('<!--app-->', await render(start)).replace('<!--start-->', JSON.stringify(start));
        application.build('main', 'green');
        application.build('next', 'red');
        return body;
      };
      const answer = await page.goto(application.origin);
      assert.match((await answer?.text()) ?? '', /<li[^>]*>main red<\/li>/, 'rendered by the server');
      await eventually('the list', () => list(page), application.shown);
      assert.deepEqual(application.shown, ['main green', 'next red']);
      await eventually('the state', () => page.locator('#state').textContent(), 'open');
      await eventually('streams', () => application.hub.open, 1);
      assert.deepEqual(new Set(application.cookies), new Set(['session=known']));

      application.build('next', 'green');
      await eventually('the list', () => list(page), application.shown);
      if (name === 'react') {
        await eventually('the last event', () => page.locator('#latest').textContent(), 'next');
        await eventually('the last event of the element', () => page.locator('#watch').textContent(), 'next');
      }

      await application.lose(() => {
        application.build('lost', 'red');
        application.build('lost', 'green');
      });
      await eventually('the list after a gap', () => list(page), application.shown);
      assert.equal(application.builds, 1);
      application.build('after', 'green');
      await eventually('the list', () => list(page), application.shown);
      await eventually('streams', () => application.hub.open, 1);
      // Two that begin at different places find together when the hub has said hello.
      assert.ok(application.hub.maxOpen <= (name === 'react' ? 2 : 1));

      await page.click('button');
      await eventually('streams', () => application.hub.open, 0);
      application.build('while away', 'red');
      application.hub.floor = 0;
      await page.click('button');
      await eventually('the list', () => list(page), application.shown);
      await until('one stream', () => application.hub.open, (open) => open === 1);
    });
  });

  usage(`${name}: a token for each connection, and another before it ends`, async (visit) => {
    const { folder, html, render } = await prepare();
    const application = await Application.start(folder);
    await visit(application, async (page) => {
      application.pages['/'] = async () => {
        const start = { ...application.now, token: true };
        return html.replace('<!--app-->', await render(start)).replace('<!--start-->', JSON.stringify(start));
      };
      await page.goto(application.origin);
      const tokens = (): (string | undefined)[] => application.hub.requests.map(({ authorization }) => authorization);
      // In React there are two sources, which begin at different places.
      const first = name === 'react' ? ['Bearer token-1', 'Bearer token-2'] : ['Bearer token-1'];
      await eventually('tokens', tokens, first);
      await eventually('streams', () => application.hub.open, 1);
      await expire(application.hub);
      assert.deepEqual(tokens(), [...first, `Bearer token-${first.length + 1}`]);
      await eventually('streams', () => application.hub.open, 1);
      application.build('main', 'green');
      await eventually('the list', () => list(page), ['main green']);
    });
  });
}
