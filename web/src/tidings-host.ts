import type { Carrier, CarrierOwner } from './carrier.js';
import { FetchSource } from './fetch-source.js';
import { Host } from './host.js';
import { hold, ownerLock, pageLock, prefix, unique, whenFree } from './locks.js';
import { browser, type Place } from './place.js';
import type { Role } from './types.js';
import type { Ask, Deliver, Tell } from './wire.js';

const place: Place = { ...browser, fetch: (url, options) => new FetchSource(url, options) };

/** The host is this page's own, and nobody else's. */
class DirectCarrier implements Carrier {
  readonly role = 'direct';
  readonly #page: string;
  readonly #host: Host;

  constructor(owner: CarrierOwner) {
    this.#page = owner.page;
    this.#host = new Host((to, tell) => {
      const ids = to.get(owner.page);
      if (ids) queueMicrotask(() => owner.receive(ids, tell));
    }, place);
    queueMicrotask(() => owner.receive([], { k: 'host', host: '', generation: 0 }));
  }

  send(ask: Ask): void {
    this.#host.receive(this.#page, ask);
  }

  takeOver(): void {}

  stop(): void {
    this.#host.stop();
  }
}

/**
 * The host is in one of the tabs: in the one that holds the owner's lock, for which all of them queue. It is told what
 * they want, and tells them what there is, over a broadcast channel.
 */
class LeaderCarrier implements Carrier {
  readonly #owner: CarrierOwner;
  readonly #channel: BroadcastChannel;
  readonly #releasePage: () => void;
  #release = (): void => {};
  #host: Host | undefined;
  #leader = '';
  #pages = new Set<string>();
  #stopped = false;

  constructor(owner: CarrierOwner) {
    this.#owner = owner;
    this.#channel = new BroadcastChannel(`${prefix}leader`);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#releasePage = hold(pageLock(owner.page), {}, () => {
      this.#queue({});
      this.send({ k: 'who' });
    }, () => owner.failed('locks'));
  }

  get role(): Role {
    return this.#host ? 'leader' : 'follower';
  }

  send(ask: Ask): void {
    if (this.#host) this.#host.receive(this.#owner.page, ask);
    else if (!this.#stopped || ask.k === 'gone') this.#channel.postMessage([this.#owner.page, ask]);
  }

  takeOver(): void {
    this.#queue({ steal: true });
  }

  stop(): void {
    this.#stopped = true;
    if (this.#host) this.#host.stop();
    else this.send({ k: 'gone' });
    this.#release();
    this.#releasePage();
    this.#channel.close();
  }

  #queue(options: LockOptions): void {
    if (this.#stopped) return;
    this.#release();
    this.#release = hold(ownerLock('leader'), options, () => this.#lead(), () => this.#abdicate());
  }

  #lead(): void {
    const me = (this.#leader = unique());
    const { page } = this.#owner;
    const deliver: Deliver = (to, tell) => {
      const own = to.get(page);
      if (own) queueMicrotask(() => this.#leader === me && this.#owner.receive(own, tell));
      const others = [...to].filter(([other]) => other !== page);
      if (others.length > 0) this.#channel.postMessage([others, tell]);
    };
    this.#pages.clear();
    this.#host = new Host(deliver, place);
    this.#owner.lost();
    this.#owner.receive([], this.#announcement);
    this.#channel.postMessage([[], this.#announcement]);
  }

  get #announcement(): Tell {
    return { k: 'host', host: this.#leader, generation: 0 };
  }

  /** Another tab took over, because this one did not answer for a while. */
  #abdicate(): void {
    this.#host?.stop();
    this.#host = undefined;
    this.#leader = '';
    this.#owner.lost();
    this.#queue({});
    this.send({ k: 'who' });
  }

  #receive([from, said]: [string, Ask] | [[string, number[]][], Tell]): void {
    if (typeof from === 'string') {
      if (this.#host) this.#asked(from, said as Ask);
      return;
    }
    const tell = said as Tell;
    const [, ids] = from.find(([page]) => page === this.#owner.page) ?? [];
    if (tell.k === 'host' && !this.#host && (ids || from.length === 0)) {
      if (this.#leader === tell.host) return;
      this.#leader = tell.host;
      this.#owner.lost();
      this.#owner.receive([], tell);
    } else if (ids && !this.#host) {
      this.#owner.receive(ids, tell);
    }
  }

  #asked(page: string, ask: Ask): void {
    if (ask.k === 'who') {
      this.#channel.postMessage([[[page, []]], this.#announcement]);
      return;
    }
    const host = this.#host;
    if (!this.#pages.has(page)) {
      this.#pages.add(page);
      whenFree(pageLock(page), () => {
        host?.gone(page);
        this.#pages.delete(page);
      });
    }
    host?.receive(page, ask);
  }
}

/** For pages that hold the connection themselves. */
export const carriers: {
  readonly direct: new (owner: CarrierOwner) => Carrier;
  readonly leader: new (owner: CarrierOwner) => Carrier;
} = { direct: DirectCarrier, leader: LeaderCarrier };
