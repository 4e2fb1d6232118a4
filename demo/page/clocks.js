import { within } from './dom.js';

/**
 * What a clock's event says; see the server's side.
 * @typedef {{zone: string, abbr: string, iso: string, date: string, time: string, offset: string}} Reading
 */

/** After this long without an event a clock says that it stands still, in milliseconds. */
const patience = 1800;

/** A clock on the page. Nothing moves it but `show`. */
export class Clock {
  #node;
  #time;
  #hour;
  #minute;
  #second;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.#node = node;
    this.#time = /** @type {HTMLTimeElement} */ (within(node, 'time'));
    this.#hour = new Hand(within(node, '.hour'));
    this.#minute = new Hand(within(node, '.minute'));
    this.#second = new Hand(within(node, '.second'));
  }

  /** @param {Reading} reading */
  show(reading) {
    const [hours = 0, minutes = 0, seconds = 0] = reading.time.split(':').map(Number);
    this.#hour.turn(hours * 30 + minutes / 2);
    this.#minute.turn(minutes * 6 + seconds / 10);
    this.#second.turn(seconds * 6);
    this.#time.textContent = reading.time;
    this.#time.dateTime = reading.iso;
    within(this.#node, '.abbr').textContent = reading.abbr;
    within(this.#node, '.day').textContent = reading.date;
    within(this.#node, '.offset').textContent = reading.offset;
    this.#become('live', 'live');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#become('stale', 'stopped'), patience);
  }

  /**
   * Whether events for this clock are handed on at all.
   * @param {boolean} chosen
   */
  choose(chosen) {
    clearTimeout(this.#timer);
    if (chosen) this.#become('waiting', 'waiting');
    else this.#become('off', 'not chosen');
  }

  /** @param {'waiting' | 'live' | 'stale' | 'off'} state @param {string} note */
  #become(state, note) {
    this.#node.dataset.state = state;
    within(this.#node, '.note').textContent = note;
  }
}

/** A hand that takes the shorter way, also over the full hour. */
class Hand {
  #node;
  #angle = 0;

  /** @param {Element} node */
  constructor(node) {
    this.#node = /** @type {SVGElement} */ (node);
  }

  /** @param {number} angle in degrees */
  turn(angle) {
    this.#angle += ((((angle - this.#angle) % 360) + 540) % 360) - 180;
    this.#node.style.transform = `rotate(${this.#angle}deg)`;
  }
}
