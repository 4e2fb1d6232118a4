// What the usage pages show is what the tests of the examples run.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cwd } from 'node:process';
import { test } from 'node:test';

const root = dirname(cwd());
const pages = join(root, 'docs', 'usage');

/** The blocks of code of a page, each with the name of the file that stands in a comment before it; '' if none does. */
function blocks(text: string): { name: string; language: string; code: string }[] {
  return [...text.matchAll(/(?:^<!-- (\S+) -->\n\n)?^```(\w*)\n([^]*?)^```$/gm)].map(([, name = '', language = '', code = '']) => ({ name, language, code }));
}

test('every block of code in docs/usage is a file of examples/web, and every such file is shown', async () => {
  const shown: string[] = [];
  for (const page of await readdir(pages)) {
    const text = await readFile(join(pages, page), 'utf8');
    const markers = [...text.matchAll(/^<!-- (\S+) -->$/gm)].map(([, name]) => name);
    assert.deepEqual(blocks(text).flatMap(({ name }) => (name ? [name] : [])), markers, `${page}: a block follows each name`);
    for (const { name, language, code } of blocks(text)) {
      if (name) assert.equal(code, await readFile(join(root, name), 'utf8'), `${page} shows ${name} as it is`);
      else assert.equal(language, 'sh', `${page}: a block of code without the name of its file`);
      shown.push(name);
    }
  }
  const entries = await readdir(join(root, 'examples', 'web'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
  assert.ok(files.length > 20);
  assert.deepEqual(files.filter((file) => !shown.includes(file)), []);
});
