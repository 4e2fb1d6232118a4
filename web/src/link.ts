import type { Carrier, CarrierOwner } from './carrier.js';
import { unique } from './locks.js';
import { WorkerCarrier } from './worker-carrier.js';
import type { Role, Share } from './types.js';
import type { Ask, Mark, Tell, Wanted } from './wire.js';

/** A page's share of a stream. */
export interface Member {
  readonly wanted: Wanted;
  mark: Mark;
  /** The feed that serves it, once it has had all up to its mark; 0 before. */
  feed: number;
  /** Events that came again, and were not handed on. */
  readonly repeated: number;
  receive(tell: Tell): void;
  /** The page leaves for the back/forward cache, or comes back from there. */
  hide(): void;
  restore(): void;
  /** The host is gone. */
  moved(): void;
}

/** A visible page looks this often whether its host answers, and waits so long for it; in milliseconds. */
const patrol = 2_500;
const patience = 5_000;
const longest = 60_000;

/** Where the worker's script is. A page, or a bundler's output, may have it elsewhere. */
export const settings: { worker?: string | URL | undefined } = {};

type Kind = 'worker' | 'leader' | 'direct';

/** A page's way to its host, one for each manner of sharing: `none`, `leader`, `worker`. */
export class Link implements CarrierOwner {
  readonly page: string = unique();
  readonly #kind: Share;
  #kinds: Kind[];
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #members = new Map<number, Member>();
  #carrier: Carrier | undefined;
  #loading = false;
  #attached = false;
  /** The page is in the back/forward cache. */
  away = false;
  #heard = 0;
  #checked = 0;
  #holdOff = patience;
  /** How often the host has changed. */
  handovers = 0;
  #onInfo: ((tell: Tell & { k: 'info' }) => void)[] = [];

  constructor(kind: Share) {
    this.#kind = kind;
    this.#kinds = kindsOf(kind);
    const wake = (reason: 'online' | 'visible'): void => this.send({ k: 'wake', reason }, true);
    addEventListener('online', () => wake('online'));
    // `pagehide` rather than `beforeunload` or `unload`: those keep a page out of the back/forward cache.
    addEventListener('pagehide', () => this.#hide());
    addEventListener('pageshow', (event) => event.persisted && this.#restore());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake('visible'));
    setInterval(() => this.#check(), patrol);
  }

  get role(): Role {
    return (this.#attached && this.#carrier?.role) || 'none';
  }

  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** To the host, if it is there: a new one is told what is wanted. `start` does not sit out a wait for it. */
  send(ask: Ask, start = false): void {
    if (this.#attached) this.#carrier?.send(ask);
    else if (start) this.#start();
  }

  add(member: Member): void {
    this.#members.set(member.wanted.id, member);
    this.send({ k: 'want', wanted: member.wanted }, true);
  }

  remove(member: Member, linger: number): void {
    const { id } = member.wanted;
    if (this.#members.delete(id)) this.send({ k: 'drop', id, linger });
  }

  /** What the host says of itself. */
  info(): Promise<Tell & { k: 'info' }> {
    return new Promise((resolve) => {
      this.#onInfo.push(resolve);
      this.send({ k: 'info' });
    });
  }

  receive(ids: readonly number[], tell: Tell): void {
    this.#heard = Date.now();
    if (tell.k === 'host') {
      this.#attached = true;
      for (const { wanted } of this.#members.values()) this.send({ k: 'want', wanted });
    }
    for (const id of ids) this.#members.get(id)?.receive(tell);
    if (tell.k === 'info') for (const resolve of this.#onInfo.splice(0)) resolve(tell);
    if (tell.k !== 'event') return;
    this.#holdOff = patience;
    // The feed is in order: what it brings to one, all others that live from it are past as well.
    for (const member of this.#members.values()) {
      if (member.feed === tell.feed && member.mark.at < tell.mark.at) member.mark = tell.mark;
    }
  }

  lost(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.handovers += 1;
    for (const member of this.#members.values()) member.moved();
  }

  failed(error: unknown): void {
    this.#carrier?.stop();
    this.#carrier = undefined;
    this.#kinds.shift();
    this.lost();
    if (this.#kinds.length > 0) return this.#start();
    // What it takes could not be loaded, perhaps as the server is down: all over again, later.
    console.warn('Tidings cannot load its files', error);
    this.#kinds = kindsOf(this.#kind);
    const wait = Math.min(longest, 1_000 * 2 ** this.#failures++) * (1 + Math.random()) / 2;
    const detail = { state: 'retrying', attempt: this.#failures, nextRetryMs: wait, reason: 'refused' } as const;
    for (const member of this.#members.values()) member.receive({ k: 'state', detail });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#start(), wait);
  }

  #start(): void {
    if (this.#carrier || this.#loading || this.away || this.#members.size === 0) return;
    this.#heard = this.#checked = Date.now();
    const kind = this.#kinds[0] as Kind;
    if (kind === 'worker') this.#carrier = new WorkerCarrier(this, workerScript());
    else void this.#load(kind);
  }

  /** Most pages never hold the connection, as there are shared workers: what it takes is loaded only now. */
  async #load(kind: 'leader' | 'direct'): Promise<void> {
    this.#loading = true;
    const loaded = await loadHost(this.#failures).catch((error: unknown) => ({ error }));
    this.#loading = false;
    if ('error' in loaded) this.failed(loaded.error);
    else if (!this.away) this.#carrier = new loaded.carriers[kind](this);
  }

  #hide(): void {
    this.away = true;
    this.#attached = false;
    this.#carrier?.stop();
    this.#carrier = undefined;
    for (const member of this.#members.values()) member.hide();
  }

  #restore(): void {
    this.away = false;
    this.#start();
    for (const member of this.#members.values()) member.restore();
  }

  /** Only a page in sight judges its host: the others are slow themselves. */
  #check(): void {
    const now = Date.now();
    const carrier = this.#carrier;
    // One that did not run for a while, or has only just come into sight, hears first.
    const slept = now - this.#checked > 3 * patrol;
    this.#checked = now;
    if (slept || !carrier || this.#members.size === 0 || /direct|leader/.test(carrier.role) || document.visibilityState !== 'visible') {
      this.#heard = now;
    } else if (now - this.#heard > this.#holdOff) {
      this.#holdOff = Math.min(longest, this.#holdOff * 2 * (1 + Math.random()));
      this.#heard = now;
      this.lost();
      carrier.takeOver();
    } else {
      carrier.send({ k: 'ping' });
    }
  }
}

/** The links of this page, by their manner of sharing; for those who look inside. */
export const links: ReadonlyMap<Share, Link> = new Map<Share, Link>();

/** The page's link for a manner of sharing. */
export function linkFor(share: Share): Link {
  const kind = share === 'auto' ? 'worker' : share;
  let link = links.get(kind);
  if (!link) (links as Map<Share, Link>).set(kind, (link = new Link(kind)));
  return link;
}

/** The ways to share that there are here, the best first. */
function kindsOf(kind: Share): Kind[] {
  if (kind === 'none' || !navigator.locks || !globalThis.BroadcastChannel) return ['direct'];
  // A worker has to come from the page's own origin.
  const worker = kind === 'worker' && globalThis.SharedWorker && workerScript().origin === location.origin;
  return worker ? ['worker', 'leader', 'direct'] : ['leader', 'direct'];
}

function workerScript(): URL {
  return new URL(settings.worker ?? new URL('./tidings-worker.js', import.meta.url), document.baseURI);
}

/** What a page takes to be a host. Firefox remembers of a module that it could not be loaded: with another fragment it is
 *  another one. The first attempt is written so that bundlers see it. */
function loadHost(failures: number): Promise<typeof import('./tidings-host.js')> {
  return failures > 0 ? import(`${new URL('./tidings-host.js', import.meta.url)}#${failures}`) : import('./tidings-host.js');
}
