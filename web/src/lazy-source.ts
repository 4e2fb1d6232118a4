import type { FetchOptions } from './fetch-source.js';
import type { Source } from './place.js';

/** How often the file could not be loaded. Firefox remembers that of a module: with another fragment it is another one. */
let failures = 0;

/**
 * A stream over `fetch` for a worker, which loads what that takes when the first such stream is asked for. A file that
 * cannot be loaded is a stream that cannot be opened: the connection tries again, later.
 */
export function lazySource(url: string, options: FetchOptions, file: string): Source {
  let source: Source | undefined;
  let listener: ((event: Event) => void) | undefined = () => {};
  import(`${file}#${failures}`).then(({ FetchSource }: typeof import('./fetch-source.js')) => {
    if (!listener) return;
    source = new FetchSource(url, options);
    source.addEventListener('', (event) => listener?.(event));
  }).catch(() => {
    failures += 1;
    listener?.(new Event('error'));
  });
  return {
    addEventListener: (_type, next) => (listener = next),
    close() {
      listener = undefined;
      source?.close();
    },
  };
}
