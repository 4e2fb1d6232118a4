import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { cwd, env, execPath } from 'node:process';
import { after, before, test } from 'node:test';
import { chromium, type Browser } from 'playwright-core';
import { TestHub } from '../hub.js';

let browser: Browser;
let folder: string;

/** The package as it would be published, unpacked into a fresh project. */
before(async () => {
  browser = await chromium.launch({ executablePath: env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  folder = await mkdtemp(join(tmpdir(), 'tidings-project-'));
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'tidings'), { recursive: true });
  execFileSync('tar', ['xzf', join(folder, packed.filename), '-C', join(modules, 'tidings'), '--strip-components=1']);
  for (const name of ['react', 'react-dom', 'scheduler']) await symlink(join(cwd(), 'node_modules', name), join(modules, name));
});

after(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

const kinds: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8' };

/** A hub that serves the files of a folder too. */
async function serve(root: string): Promise<TestHub> {
  const hub = await TestHub.start();
  hub.serve = async (url, response) => {
    const path = join(root, url.pathname === '/' ? 'index.html' : url.pathname);
    try {
      const body = await readFile(path);
      response.writeHead(200, { 'Content-Type': kinds[extname(path)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  };
  return hub;
}

/** Opens a page, publishes, and returns what the page shows and who holds its connection. */
async function visit(root: string, search = ''): Promise<{ texts: string[]; role: string; faults: string[] }> {
  const hub = await serve(root);
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(`${hub.origin}/${search}`);
    await page.waitForFunction(() => document.querySelector('event-source')?.state === 'open', undefined, { timeout: 15_000 });
    await page.waitForFunction(() => !document.querySelector('#react') || document.querySelector('#react')?.textContent?.includes('open'));
    hub.publish('a', 'hello');
    await page.waitForFunction(() => [...document.querySelectorAll('.out')].every(({ textContent }) => textContent?.includes('hello')));
    for (let i = 0; hub.open !== 1 && i < 100; i++) await page.waitForTimeout(50); // it may see the end of a former one later
    assert.equal(hub.open, 1);
    return {
      texts: await page.locator('.out').allTextContents(),
      role: await page.evaluate(() => document.querySelector('event-source')?.connection?.role ?? ''),
      faults,
    };
  } finally {
    await context.close();
    await hub.down();
  }
}

const element = '<event-source src="/hub?topic=a"><b class="out" data-sse="message"></b></event-source>';

test('the package holds what it should, and nothing else', async () => {
  const root = join(folder, 'node_modules', 'tidings');
  assert.deepEqual((await readdir(root)).sort(), ['README.md', 'dist', 'package.json', 'src']);
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const files = JSON.stringify(exports).match(/\.\/[^"]+\.(json|js|d\.ts)/g) ?? [];
  assert.ok(files.length > 6);
  for (const file of files) assert.ok((await readFile(join(root, file))).length > 0, file);
});

test('declarations are found and fit', async () => {
  const project = join(folder, 'types');
  await mkdir(project);
  await writeFile(join(project, 'app.ts'), `
    import { SharedEventSource, type Gap } from 'tidings';
    import { useSse } from 'tidings/react';
    import 'tidings/inspector';
    const source = new SharedEventSource<{ message: string; est: 'a' | 'b' }>('/hub?topic=a', { share: 'worker' });
    source.addEventListener('est', (event) => { const letter: 'a' | 'b' = event.data; console.log(letter); });
    source.addEventListener('gap', ({ detail }) => { const gap: Gap = detail; console.log(gap.why); });
    source.onmessage = ({ data }) => console.log(data.length, useSse('/x').event?.data);
    document.querySelector('event-source')?.reconnect();
  `);
  const tsc = join(cwd(), 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--noEmit', '--strict', '--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022', '--types', '', '--lib', 'es2022,dom,dom.iterable'];
  execFileSync(execPath, [tsc, ...flags, 'app.ts'], { cwd: project, stdio: 'pipe' });
});

test('a fresh project with Vite', async () => {
  await writeFile(join(folder, 'index.html'), `<!doctype html>${element}<p id="react" class="out"></p><script type="module" src="/main.js"></script>`);
  await writeFile(join(folder, 'main.js'), `
    import 'tidings';
    import { createElement } from 'react';
    import { createRoot } from 'react-dom/client';
    import { useSse } from 'tidings/react';
    const App = () => { const { event, state } = useSse('/hub?topic=a'); return state + ' ' + (event?.data ?? ''); };
    createRoot(document.querySelector('#react')).render(createElement(App));
  `);
  const vite = join(cwd(), 'node_modules', 'vite', 'bin', 'vite.js');
  execFileSync(execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder, stdio: 'pipe' });
  const { texts, role, faults } = await visit(join(folder, 'dist'));
  assert.deepEqual([texts, role, faults], [['hello', 'open hello'], 'worker', []]);
});

test('a stream with headers, built with Vite', async () => {
  const project = join(folder, 'headers');
  await mkdir(project);
  await writeFile(join(project, 'index.html'), `<!doctype html>${element}<script type="module" src="/main.js"></script>`);
  await writeFile(join(project, 'main.js'), "import 'tidings'; document.querySelector('event-source').headers = { 'X-Any': '1' };");
  const vite = join(cwd(), 'node_modules', 'vite', 'bin', 'vite.js');
  execFileSync(execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: project, stdio: 'pipe' });
  const built = await readdir(join(project, 'dist', 'assets'));
  for (const name of ['worker', 'fetch', 'host']) assert.ok(built.some((file) => file.startsWith(`tidings-${name}-`)), `${name}: ${built}`);
  const { texts, role, faults } = await visit(join(project, 'dist'));
  assert.deepEqual([texts, role, faults], [['hello'], 'worker', []]);
});

/** What others than Vite make of the package, for an element as it is and for one whose stream has headers. */
const bundlers: { name: string; build: string; beside: string[]; role: string }[] = [
  { name: 'webpack', build: 'webpack', beside: [], role: 'worker' },
  { name: 'esbuild', build: 'esbuild', beside: [], role: 'leader' },
  { name: 'esbuild, with the files beside', build: 'esbuild', beside: ['tidings-worker.js', 'tidings-fetch.js'], role: 'worker' },
];

const builds: Record<string, string> = {
  webpack: `
    const { default: webpack } = await import(process.argv[2] + '/webpack/lib/index.js');
    const options = { mode: 'production', entry: './main.mjs', output: { path: process.cwd() + '/out', filename: 'main.js' } };
    webpack(options, (error, stats) => {
      if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString());
    });`,
  esbuild: `
    const { build } = await import(process.argv[2] + '/esbuild/lib/main.js');
    const { warnings } = await build({ entryPoints: ['main.mjs'], bundle: true, splitting: true, format: 'esm', outdir: 'out' });
    if (warnings.length > 0) throw new Error(JSON.stringify(warnings));`,
};

for (const { name, build, beside, role } of bundlers) {
  test(`a fresh project with ${name}`, async () => {
    const project = join(folder, name.replaceAll(/\W+/g, '-'));
    const out = join(project, 'out');
    await mkdir(out, { recursive: true });
    await writeFile(join(project, 'build.mjs'), builds[build] as string);
    await writeFile(join(project, 'main.mjs'), `
      import 'tidings';
      if (location.search) document.querySelector('event-source').headers = { 'X-Any': '1' };
    `);
    execFileSync(execPath, ['build.mjs', join(cwd(), 'node_modules')], { cwd: project, stdio: 'pipe' });
    await writeFile(join(out, 'index.html'), `<!doctype html>${element}<script type="module" src="/main.js"></script>`);
    for (const file of beside) await copyFile(join(folder, 'node_modules', 'tidings', 'dist', file), join(out, file));
    for (const search of ['', '?headers']) {
      const seen = await visit(out, search);
      assert.deepEqual([search, seen.texts, seen.role, seen.faults], [search, ['hello'], role, []]);
    }
  });
}

test('tools that do not read exports find the component', async () => {
  const root = join(folder, 'node_modules', 'tidings');
  const { main, types, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  assert.deepEqual({ types, default: main }, exports['.']);
});

for (const { name, script, role } of [
  { name: 'a bare script tag', script: '<script src="/node_modules/tidings/dist/tidings.iife.js"></script>', role: 'worker' },
  { name: 'a module without a bundler', script: '<script type="module" src="/node_modules/tidings/dist/tidings.js"></script>', role: 'worker' },
  { name: 'the one file alone', script: '<script src="/tidings.iife.js"></script>', role: 'leader' },
]) {
  test(name, async () => {
    const root = join(folder, 'plain');
    await mkdir(root, { recursive: true });
    await symlink(join(folder, 'node_modules'), join(root, 'node_modules')).catch(() => {});
    await writeFile(join(root, 'tidings.iife.js'), await readFile(join(folder, 'node_modules/tidings/dist/tidings.iife.js')));
    await writeFile(join(root, 'index.html'), `<!doctype html>${script}${element}`);
    const seen = await visit(root);
    assert.deepEqual([seen.texts, seen.role, seen.faults], [['hello'], role, []]);
  });
}
