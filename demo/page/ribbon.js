import { byId, make, show } from './dom.js';

/** @import { Entry, Ledger } from './ledger.js' */

/** More bars than the widest ribbon shows. */
const most = 240;

/** Draws one bar for each of the latest ids, and the ledger's counts. */
export class Ribbon {
  #node = byId('ribbon', HTMLElement);
  #returned = false;

  /** The next bar is the first one after an interruption. */
  returned() {
    this.#returned = true;
  }

  /**
   * @param {string} type
   * @param {Entry} entry
   * @param {boolean} late Whether the event was caught up after an interruption.
   */
  add(type, entry, late) {
    for (let i = 0; i < Math.min(entry.holes, most); i++) this.#bar(entry.lost ? 'missing' : 'left-out');
    const bar = this.#bar(entry.kind === 'twice' ? 'twice' : `of-${type}`);
    bar.title = `${type} ${entry.offset}`;
    bar.classList.toggle('late', late);
    bar.classList.toggle('returned', this.#returned || entry.kind === 'history');
    this.#returned = false;
  }

  /** @param {Ledger} ledger */
  count(ledger) {
    show('verdict', ledger.verdict);
    show('received', ledger.received);
    show('missing', ledger.missing);
    show('twice', ledger.twice);
    show('left-out', ledger.leftOut);
    byId('verdict', HTMLElement).classList.toggle('bad', ledger.missing + ledger.twice > 0);
  }

  /** @param {string} className */
  #bar(className) {
    const bar = make('span', `bar ${className}`);
    this.#node.append(bar);
    if (this.#node.childElementCount > most) this.#node.firstElementChild?.remove();
    return bar;
  }
}
