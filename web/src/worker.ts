import { Host } from './host.js';
import { lazySource } from './lazy-source.js';
import { aliveLock, hold, newestGeneration, ownerLock, pageLock, unique, whenFree } from './locks.js';
import { browser } from './place.js';
import type { Ask, Tell } from './wire.js';

/**
 * The shared worker: holds the connections of all tabs of this origin.
 *
 * Only who holds the owner's lock may have connections open. A worker of a later generation was started because this
 * one did not answer: it takes the lock, and then this one, if it ever wakes up, tells its tabs to move and ends.
 */
function work(scope: SharedWorkerGlobalScope): void {
  const generation = Number(new URL(scope.location.href).searchParams.get('g'));
  const me = unique();
  const ports = new Map<string, MessagePort>();
  const alive = new Promise<void>((resolve) => hold(aliveLock(generation, me), {}, resolve));
  let lead = (): void => {};
  const leading = new Promise<void>((resolve) => (lead = resolve));

  const post = (page: string, ids: number[], tell: Tell): void => ports.get(page)?.postMessage([ids, tell]);

  // It takes wants at once, but makes no connection before it may.
  const host = new Host((to, tell) => {
    for (const [page, ids] of to) post(page, ids, tell);
  }, { ...browser, fetch: lazySource, soon: (callback) => void leading.then(() => browser.soon(callback)) });

  const end = (): void => {
    host.stop();
    for (const page of ports.keys()) post(page, [], { k: 'moved' });
    scope.close();
  };

  void alive.then(async () => {
    if ((await newestGeneration()) > generation) end();
    else hold(ownerLock('worker'), { steal: generation > 0 }, lead, end);
  });

  const forget = (page: string): void => {
    host.gone(page);
    ports.get(page)?.close();
    ports.delete(page);
  };

  scope.onconnect = ({ ports: [port] }) => {
    if (!port) return;
    port.onmessage = async ({ data: [page, ask] }: MessageEvent<[string, Ask]>) => {
      if (ask.k === 'gone') {
        forget(page);
      } else if (ask.k === 'who') {
        ports.set(page, port);
        whenFree(pageLock(page), () => ports.get(page) === port && forget(page));
        await alive;
        post(page, [], { k: 'host', host: me, generation });
      } else {
        host.receive(page, ask);
      }
    };
  };
}

work(globalThis as unknown as SharedWorkerGlobalScope);
