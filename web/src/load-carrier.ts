import type { Carrier, CarrierOwner } from './carrier.js';
import { prefix } from './locks.js';
import { pageCarriers } from './page-carriers.js';
import type { Role } from './types.js';
import type { Ask } from './wire.js';

/** Whether the bundle is to work without any other file. */
declare const TIDINGS_WHOLE: boolean;

interface Carriers {
  readonly direct: new (owner: CarrierOwner) => Carrier;
  readonly leader: new (owner: CarrierOwner) => Carrier;
}

/** Where the worker's script leaves them for pages that need them. */
export const carriersKey: symbol = Symbol.for(`${prefix}carriers`);

async function load(): Promise<Carriers> {
  if (TIDINGS_WHOLE) return pageCarriers;
  // @ts-expect-error It is there once it is built.
  await import('./tidings-worker.js');
  return (globalThis as unknown as Record<symbol, Carriers>)[carriersKey] as Carriers;
}

/**
 * A carrier for a page that may have to hold the connection itself. Most pages never are in that place, as there are
 * shared workers: those that load modules get what it takes only then, out of the worker's script.
 */
export class LazyCarrier implements Carrier {
  #carrier: Carrier | undefined;
  #stopped = false;

  constructor(owner: CarrierOwner, name: keyof Carriers) {
    load().then((carriers) => {
      if (!this.#stopped) this.#carrier = new carriers[name](owner);
    }).catch((error: unknown) => owner.failed(error));
  }

  get role(): Role {
    return this.#carrier?.role ?? 'none';
  }

  send(ask: Ask): void {
    this.#carrier?.send(ask);
  }

  takeOver(): void {
    this.#carrier?.takeOver();
  }

  stop(): void {
    this.#stopped = true;
    this.#carrier?.stop();
  }
}
