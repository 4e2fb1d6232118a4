import { show } from './dom.js';
import { fetchJson } from './fetch.js';

/** How often the server is asked, and how long after a change once more, in milliseconds. */
const every = 5000;
const settling = 400;

/** What the server sees of its streams. */
export class Stats {
  #url;

  /** @param {string} page */
  constructor(page) {
    this.#url = `/stats?page=${page}`;
    setInterval(() => document.visibilityState === 'visible' && this.#ask(), every);
  }

  /** Something has happened: asks now, and again when the server has noticed too. */
  refresh() {
    void this.#ask();
    setTimeout(() => this.#ask(), settling);
  }

  async #ask() {
    const answer = await fetchJson(this.#url);
    const stats = /** @type {{open: number, page: number} | null} */ (answer);
    show('open', stats?.open ?? '–');
    show('mine', stats?.page ?? '–');
  }
}
