// Compiles the tests of folders under test/ and runs them:
// `node scripts/test.mjs unit|browser|browsers|hub[,another] [part of a name]`.
import { build } from 'esbuild';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [suite, part = ''] = process.argv.slice(2);
const sources = [];
for (const folder of suite.split(',')) {
  for (const name of await readdir(join(root, 'test', folder))) {
    if (name.endsWith('.test.ts') && name.includes(part)) sources.push(join(folder, name));
  }
}
if (sources.length === 0) throw new Error(`no tests named "${part}" in test/${suite}`);

const outdir = join(root, '.build', suite.replace(',', '-'));
await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: sources.map((name) => join('test', name)),
  outbase: 'test',
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  define: { TIDINGS_VERSION: '"test"' },
  sourcemap: 'inline',
  logLevel: 'warning',
});

const compiled = sources.map((name) => join(outdir, name.replace(/\.ts$/, '.mjs')));
if (suite === 'hub' && !process.env.TIDINGS_BINARY) {
  // The tests run the program as people do: built once, for all of them.
  process.env.TIDINGS_BINARY = join(outdir, 'tidings');
  execFileSync('go', ['build', '-o', process.env.TIDINGS_BINARY, './cmd/tidings'], { cwd: dirname(root), stdio: 'inherit' });
}
// Two files at a time where each may start a browser of its own.
const args = suite === 'unit' ? [] : ['--test-concurrency=2'];
const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', ...args, ...compiled], { cwd: root, stdio: 'inherit' });
process.exitCode = run.status ?? 1;
