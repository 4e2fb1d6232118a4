// Checks that dist/ is, byte for byte, what the sources build. Names each file that is not, and exits with 1.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const committed = join(root, 'dist');
const fresh = await mkdtemp(join(tmpdir(), 'tidings-dist-'));

async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

/** The file's bytes, or undefined if there is none. */
async function bytes(path) {
  try {
    return await readFile(path);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

try {
  await buildAll(fresh);
  const built = await files(fresh);
  const names = new Set([...built, ...(await files(committed))]);
  const faults = [];
  for (const name of [...names].sort()) {
    const [is, should] = await Promise.all([bytes(join(committed, name)), bytes(join(fresh, name))]);
    if (!is) faults.push(`dist/${name} is missing`);
    else if (!should) faults.push(`dist/${name} is not built from the sources`);
    else if (!is.equals(should)) faults.push(`dist/${name} differs from what the sources build`);
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error('run `npm run build` and commit dist/');
    process.exitCode = 1;
  } else {
    console.log(`dist/ is what the sources build (${built.length} files)`);
  }
} finally {
  await rm(fresh, { recursive: true, force: true });
}
