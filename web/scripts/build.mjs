// Builds the sources into a folder, by default dist/: `node scripts/build.mjs [folder]`.
//
// The result is committed, because Go programs embed it and build without Node. It depends on the sources and on
// the pinned tools alone: no paths, dates or source maps in it.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Name of the declarations file to begin with; those that it imports go with it. */
const entry = 'define';

export async function buildAll(target) {
  await rm(target, { recursive: true, force: true });
  await bundle(join(target, 'tidings.js'), { format: 'esm' });
  await bundle(join(target, 'tidings.iife.js'), { format: 'iife', globalName: 'Tidings' });
  await declarations(join(target, 'types'));
}

async function bundle(outfile, options) {
  await build({
    absWorkingDir: root,
    entryPoints: [`src/${entry}.ts`],
    outfile,
    bundle: true,
    minify: true,
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: '/*! Tidings, <event-source> | Apache-2.0 | github.com/tidings-hub/tidings */' },
    logLevel: 'warning',
    ...options,
  });
}

/** Only what the entry leads to: the rest of the modules is internal. */
async function declarations(target) {
  const all = await mkdtemp(join(tmpdir(), 'tidings-types-'));
  try {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = ['-p', root, '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', all];
    execFileSync(process.execPath, [compiler, ...args], { stdio: 'inherit' });
    await mkdir(target, { recursive: true });
    const names = new Set([entry]);
    for (const name of names) {
      const file = `${name}.d.ts`;
      await copyFile(join(all, file), join(target, file));
      const text = await readFile(join(all, file), 'utf8');
      for (const [, imported] of text.matchAll(/from '\.\/([\w-]+)\.js'/g)) names.add(imported);
    }
  } finally {
    await rm(all, { recursive: true, force: true });
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await buildAll(resolve(argv[2] ?? join(root, 'dist')));
