// Compiles the tests of a folder under test/ and runs them: `node scripts/test.mjs unit|browser [part of a name]`.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [suite, part = ''] = process.argv.slice(2);
const sources = (await readdir(join(root, 'test', suite))).filter((name) => name.endsWith('.test.ts') && name.includes(part));
if (sources.length === 0) throw new Error(`no tests named "${part}" in test/${suite}`);

const outdir = join(root, '.build', suite);
await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: sources.map((name) => join('test', suite, name)),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  external: ['./tidings-worker.js'],
  platform: 'node',
  target: 'node20',
  format: 'esm',
  define: { TIDINGS_VERSION: '"test"', TIDINGS_WHOLE: 'true' },
  sourcemap: 'inline',
  logLevel: 'warning',
});

const compiled = sources.map((name) => join(outdir, name.replace(/\.ts$/, '.mjs')));
// Two files at a time in the browser suite: each starts a browser of its own.
const args = suite === 'browser' ? ['--test-concurrency=2'] : [];
const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', ...args, ...compiled], { cwd: root, stdio: 'inherit' });
process.exitCode = run.status ?? 1;
