import type { Carrier, CarrierOwner } from './carrier.js';
import { aliveLock, hold, newestGeneration, pageLock, version, whenFree } from './locks.js';
import type { Ask, Tell } from './wire.js';

/** The host is a shared worker. Workers of one generation are the same for all tabs; the newest that lives is meant. */
export class WorkerCarrier implements Carrier {
  readonly role = 'worker';
  readonly #owner: CarrierOwner;
  readonly #script: URL;
  readonly #releasePage: () => void;
  #port: MessagePort | undefined;
  #unwatch = (): void => {};
  #generation = 0;
  #stopped = false;

  constructor(owner: CarrierOwner, script: URL) {
    this.#owner = owner;
    this.#script = script;
    // A worker that hears of this page finds the lock held, or takes the page for dead.
    this.#releasePage = hold(pageLock(owner.page), {}, () => void this.#start(), () => owner.failed('locks'));
  }

  send(ask: Ask): void {
    this.#port?.postMessage([this.#owner.page, ask]);
  }

  takeOver(): void {
    void this.#start(true);
  }

  stop(): void {
    this.send({ k: 'gone' });
    this.#stopped = true;
    this.#leave();
    this.#releasePage();
  }

  #leave(): void {
    this.#unwatch();
    this.#port?.close();
    this.#port = undefined;
  }

  async #start(instead = false): Promise<void> {
    this.#leave();
    const newest = await newestGeneration();
    // Another tab may have put one in its place already.
    this.#generation = instead && newest <= this.#generation ? this.#generation + 1 : Math.max(this.#generation, newest);
    if (this.#stopped || this.#port) return;
    const url = new URL(this.#script);
    url.searchParams.set('v', version);
    url.searchParams.set('g', String(this.#generation));
    try {
      const worker = new SharedWorker(url);
      worker.onerror = (event) => worker.port === this.#port && this.#owner.failed(event);
      this.#port = worker.port;
      worker.port.onmessage = ({ data: [ids, tell] }: MessageEvent<[number[], Tell]>) => this.#receive(worker.port, ids, tell);
      this.send({ k: 'who' });
    } catch (error) {
      this.#owner.failed(error);
    }
  }

  #receive(port: MessagePort, ids: number[], tell: Tell): void {
    if (port !== this.#port) return;
    if (tell.k === 'host') {
      this.#unwatch();
      this.#unwatch = whenFree(aliveLock(tell.generation, tell.host), () => this.#moved());
    }
    if (tell.k === 'moved') this.#moved();
    else this.#owner.receive(ids, tell);
  }

  #moved(): void {
    if (this.#stopped) return;
    this.#owner.lost();
    // Another one: Firefox gives pages that ask for the same, just after its process has died, the one that is dead.
    void this.#start(true);
  }
}
