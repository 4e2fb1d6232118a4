// Builds the sources into a folder, by default dist/: `node scripts/build.mjs [folder]`.
//
// The result is committed, because Go programs embed it and build without Node. It depends on the sources and on
// the pinned tools alone: no paths, dates or source maps in it.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What stands beside the component uses that same component, not a copy of it. */
const beside = {
  name: 'beside',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: './tidings.js', external: true })),
};

/** The files, and what each is made of. A page with a script tag needs to know where the script came from. */
const bundles = {
  'tidings.js': { entry: 'define', format: 'esm' },
  'tidings.iife.js': { entry: 'define', format: 'iife', globalName: 'Tidings', inject: ['scripts/here.js'], define: { 'import.meta.url': 'here' }, external: ['react'] },
  'tidings-host.js': { entry: 'tidings-host', format: 'esm' },
  'tidings-fetch.js': { entry: 'fetch-source', format: 'esm' },
  'tidings-discover.js': { entry: 'discover', format: 'esm' },
  'tidings-inspector.js': { entry: 'inspector', format: 'esm', plugins: [beside] },
  'tidings-react.js': { entry: 'react', format: 'esm', plugins: [beside] },
  'tidings-worker.js': { entry: 'worker', format: 'iife' },
};

/** Names of the declarations files to begin with; those that they import go with them. */
const entries = ['define', 'discover', 'inspector', 'react'];

export async function buildAll(target) {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  // The version names what a build can talk to: it is that of all its code.
  const version = createHash('sha256');
  for (const options of Object.values(bundles)) version.update(await bundle(options, ''));
  const name = version.digest('hex').slice(0, 8);
  for (const [file, options] of Object.entries(bundles)) await writeFile(join(target, file), await bundle(options, name));
  await declarations(join(target, 'types'));
}

async function bundle({ entry, define, ...options }, version) {
  const { outputFiles: [file] } = await build({
    absWorkingDir: root,
    entryPoints: [`src/${entry}.ts`],
    write: false,
    bundle: true,
    external: ['./tidings-host.js', 'react'],
    minify: true,
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: '/*! Tidings | Apache-2.0 | github.com/tidings-hub/tidings */' },
    define: { TIDINGS_VERSION: JSON.stringify(version), ...define },
    logLevel: 'warning',
    ...options,
  });
  return file.text;
}

/** Only what the entries lead to: the rest of the modules is internal. */
async function declarations(target) {
  const all = await mkdtemp(join(tmpdir(), 'tidings-types-'));
  try {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = ['-p', root, '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', all];
    execFileSync(process.execPath, [compiler, ...args], { stdio: 'inherit' });
    await mkdir(target, { recursive: true });
    const names = new Set(entries);
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
