import { byId, make, show, within } from './dom.js';
import { fetchJson } from './fetch.js';

/**
 * A parcel; see the server's side.
 * @typedef {{id: number, name: string, to: string, step: number, steps: number, status: string, version: number}} Item
 */

/** The parcels: fetched all together once, and each alone when a ping says that it has changed. */
export class Items {
  #list = byId('items', HTMLOListElement);
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  /** Items that are being fetched; true if a further ping came meanwhile. @type {Map<number, boolean>} */
  #busy = new Map();
  #counts = { pings: 0, fetches: 0, lists: 0 };
  /** The newest versions shown. @type {Map<number, number>} */
  #versions = new Map();
  /** Whether what is shown may be out of date although no ping is to come for it. */
  outdated = false;

  /** The server has begun anew: what it says now is newer than all before. */
  forget() {
    this.#versions.clear();
    this.outdated = true;
  }

  /**
   * Fetches all.
   * @returns {Promise<string>} the cursor from which on the stream tells their changes, '' if they cannot be had
   */
  async load() {
    this.#count('lists');
    this.outdated = false;
    const answer = await fetchJson('/items');
    if (!answer) {
      this.outdated = true;
      return '';
    }
    const { cursor, items } = /** @type {{cursor: string, items: Item[]}} */ (answer);
    for (const item of items) this.#show(item);
    return cursor;
  }

  /**
   * An item has changed.
   * @param {string} data
   */
  ping(data) {
    this.#count('pings');
    show('last-ping', data);
    const { item } = /** @type {{item: number}} */ (JSON.parse(data));
    if (this.#busy.has(item)) this.#busy.set(item, true);
    else void this.#fetch(item);
  }

  /** @param {number} id */
  async #fetch(id) {
    do {
      this.#busy.set(id, false);
      this.#count('fetches');
      const item = /** @type {Item | null} */ (await fetchJson(`/items/${id}`));
      if (item) this.#flash(this.#show(item));
      else this.outdated = true;
    } while (this.#busy.get(id));
    this.#busy.delete(id);
  }

  /** @param {Item} item */
  #show(item) {
    let row = this.#rows.get(item.id);
    if (!row) {
      row = this.#make(item);
      this.#rows.set(item.id, row);
      this.#list.append(row);
    }
    // Of two answers that overtook each other, the newer one stays.
    if (item.version < (this.#versions.get(item.id) ?? 0)) return row;
    this.#versions.set(item.id, item.version);
    within(row, '.status').textContent = item.status;
    within(row, '.version').textContent = `v${item.version}`;
    const way = within(row, '.way');
    way.replaceChildren(...Array.from({ length: item.steps }, (_, i) => make('i', i <= item.step ? 'done' : '')));
    return row;
  }

  /** @param {Item} item */
  #make({ id, name, to }) {
    const way = make('span', 'way');
    way.ariaHidden = 'true';
    return make(
      'li',
      'item',
      make('span', 'number', String(id)),
      make('span', 'name', name, make('span', 'to', ` → ${to}`)),
      make('span', 'version'),
      way,
      make('span', 'status'),
    );
  }

  /** @param {HTMLElement} row */
  #flash(row) {
    for (const other of this.#rows.values()) other.classList.remove('fresh');
    // Reading a measure between the two makes the animation start over.
    void row.offsetWidth;
    row.classList.add('fresh');
  }

  /** @param {'pings' | 'fetches' | 'lists'} what */
  #count(what) {
    this.#counts[what] += 1;
    show(what, this.#counts[what]);
  }
}

