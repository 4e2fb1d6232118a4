// Runs a TypeScript program under Node: `node scripts/run.mjs test/x/main.ts [its arguments]`. Each run compiles into a folder
// of its own, so that any number can be started at the same time.
import { build, stop } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [program] = process.argv.splice(2, 1);
const folder = await mkdtemp(join(tmpdir(), 'tidings-run-'));
const outfile = join(folder, 'main.mjs');
try {
  await build({
    absWorkingDir: dirname(dirname(fileURLToPath(import.meta.url))),
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  await stop();
  await import(outfile);
} finally {
  await rm(folder, { recursive: true });
}
