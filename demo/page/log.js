import { byId, make } from './dom.js';

/** How many rows are kept. */
const most = 60;

/** The last events as they came, newest first. While it is paused, rows are kept back. */
export class EventLog {
  #list = byId('log', HTMLOListElement);
  #button = byId('pause', HTMLButtonElement);
  /** @type {HTMLElement[]} newest last */
  #kept = [];
  #keptBack = 0;
  #paused = false;

  constructor() {
    this.#button.addEventListener('click', () => this.#pause(!this.#paused));
  }

  /** @param {string} type @param {string} id @param {string} data @param {boolean} late */
  add(type, id, data, late) {
    const row = make(
      'li',
      `row of-${type}`,
      make('span', 'chip', type === 'message' ? 'unnamed' : type),
      make('code', 'id', id),
      make('code', 'data', data),
    );
    if (late) row.append(make('span', 'late', 'caught up'));
    this.#row(row);
  }

  /**
   * A line between two events.
   * @param {string} text
   */
  mark(text) {
    this.#row(make('li', 'mark', text));
  }

  /** @param {HTMLElement} row */
  #row(row) {
    this.#kept.push(row);
    if (this.#kept.length > most) this.#kept.shift();
    if (!this.#paused) {
      this.#flush();
      return;
    }
    this.#keptBack += 1;
    this.#button.textContent = `Resume (${this.#keptBack} kept back)`;
  }

  /** @param {boolean} paused */
  #pause(paused) {
    this.#paused = paused;
    this.#keptBack = 0;
    this.#button.setAttribute('aria-pressed', String(paused));
    this.#button.textContent = paused ? 'Resume' : 'Pause';
    if (!paused) this.#flush();
  }

  #flush() {
    for (const row of this.#kept) this.#list.prepend(row);
    this.#kept = [];
    while (this.#list.childElementCount > most) this.#list.lastElementChild?.remove();
  }
}
