declare const TIDINGS_VERSION: string;

/** The names of this build's locks, channel and worker begin so: pages with another build do not meet. */
export const prefix: string = `tidings.${TIDINGS_VERSION}.`;
export const version: string = TIDINGS_VERSION;

/** Who holds it is in charge of this origin's connections. */
export const ownerLock: (kind: string) => string = (kind) => `${prefix}${kind}.owner`;
/** Held by a worker as long as it lives. */
export const aliveLock: (generation: number, host: string) => string = (generation, host) => `${aliveLocks}${generation}.${host}`;
const aliveLocks = `${prefix}alive.`;
/** Held by a page as long as it can be reached. */
export const pageLock: (page: string) => string = (page) => `${prefix}page.${page}`;

/** A name that no other has, among the few that there are. */
export function unique(): string {
  return Math.random().toString(36).slice(2);
}

/**
 * Holds a lock from when it is free, or by taking it from its holder, until the returned function is called. `lost` is
 * called if another takes it, or if there is none to be had: a page that may keep nothing is denied locks.
 */
export function hold(name: string, options: LockOptions, held: () => void, lost?: () => void): () => void {
  const end = new AbortController();
  const { signal } = end;
  navigator.locks.request(name, options.steal ? options : { ...options, signal }, () => {
    if (signal.aborted) return undefined;
    held();
    return new Promise<void>((resolve) => (signal.onabort = () => resolve()));
  }).catch(() => signal.aborted || lost?.());
  return () => end.abort();
}

/** Calls back when the holder of a lock is no more. */
export function whenFree(name: string, callback: () => void): () => void {
  const stop = hold(name, { mode: 'shared' }, () => {
    queueMicrotask(stop);
    callback();
  });
  return stop;
}

/** The newest generation of workers that live; -1 if there is none. */
export async function newestGeneration(): Promise<number> {
  const { held = [] } = await navigator.locks.query();
  return Math.max(-1, ...held.map(({ name = '' }) => parseInt(name.split(aliveLocks)[1] ?? '-1', 10)));
}
