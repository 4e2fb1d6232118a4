import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cwd } from 'node:process';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { readFile } from 'node:fs/promises';

const dist = join(cwd(), 'dist');

test('the module can be imported where there is no DOM', async () => {
  assert.equal('HTMLElement' in globalThis, false);
  const module = await import(pathToFileURL(join(dist, 'tidings.js')).href);
  assert.deepEqual(Object.keys(module), ['EventSourceElement', 'SharedEventSource', 'links', 'settings']);
  assert.equal(typeof module.EventSourceElement, 'function');
});

test('the script gives its exports under one global name', async () => {
  const script = await readFile(join(dist, 'tidings.iife.js'), 'utf8');
  const globals = runInNewContext(`${script}\n;({ keys: Object.keys(globalThis), exports: Object.keys(Tidings) })`);
  assert.deepEqual([...globals.keys], ['Tidings']);
  assert.deepEqual([...globals.exports], ['EventSourceElement', 'SharedEventSource', 'links', 'settings']);
});

test('a second load leaves the first definition alone', async () => {
  const script = await readFile(join(dist, 'tidings.iife.js'), 'utf8');
  const sandbox = {
    HTMLElement: class {},
    defined: [] as unknown[],
    customElements: {
      get: (name: string) => sandbox.defined.find((entry) => (entry as unknown[])[0] === name),
      define: (...entry: unknown[]) => sandbox.defined.push(entry),
    },
  };
  runInNewContext(script, sandbox);
  runInNewContext(script, sandbox);
  assert.equal(sandbox.defined.length, 1);
  assert.equal((sandbox.defined[0] as unknown[])[0], 'event-source');
});
