/** @import { EventSourceElement, Role } from '../../web/dist/types/index.js' */

/** Each tab holds a lock whose name begins so for as long as it lives. */
const prefix = 'tidings-demo.tab.';

/**
 * What a tab says of its shared stream.
 * @typedef {{tab: string, state: string, role: Role, beat: boolean}} Report
 */

/** A name that no other has; those of older tabs sort first. */
const tab = `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;

/** Tells the other tabs of this browser how the shared stream of this one is, and hears of theirs. */
export class Presence {
  tab = tab;
  #stream;
  #told;
  /** @type {BroadcastChannel | undefined} */
  #channel = globalThis.BroadcastChannel && new BroadcastChannel('tidings-demo');

  /** @param {EventSourceElement} stream @param {(report: Report) => void} told is called for this tab as well */
  constructor(stream, told = () => {}) {
    this.#stream = stream;
    this.#told = told;
    void navigator.locks?.request(prefix + tab, () => new Promise(() => {}));
    stream.addEventListener('sse:state', () => this.#say(false));
    stream.addEventListener('message', () => this.#say(true));
    this.#channel?.addEventListener('message', ({ data }) => told(data));
  }

  /**
   * The tabs that live, the oldest first.
   * @returns {Promise<string[]>}
   */
  async tabs() {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const names = held.flatMap(({ name = '' }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
    return [...new Set([...names, tab])].sort();
  }

  /** @param {boolean} beat whether an event has arrived */
  #say(beat) {
    /** @type {Report} */
    const report = { tab, state: this.#stream.state, role: this.#stream.connection?.role ?? 'none', beat };
    this.#told(report);
    this.#channel?.postMessage(report);
  }
}
