// Prints how large the bundles in dist/ are, and exits with 1 if one is over its budget.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Bytes after gzip: what a page loads, what its worker loads, and what goes beside them. */
const budgets = {
  'tidings.js': 6_200,
  'tidings-worker.js': 7_500,
  'tidings.iife.js': 12_600,
  'tidings-discover.js': 700,
  'tidings-inspector.js': 1_500,
  'tidings-react.js': 500,
};

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
for (const [name, budget] of Object.entries(budgets)) {
  const content = await readFile(join(dist, name));
  const size = gzipSync(content, { level: 9 }).length;
  console.log(`${name}: ${content.length} bytes, ${size} gzipped, budget ${budget}`);
  if (size > budget) {
    console.error(`${name} is over its budget by ${size - budget} bytes`);
    process.exitCode = 1;
  }
}
