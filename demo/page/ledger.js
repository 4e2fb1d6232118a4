/**
 * What an id of the hub says: in which history, and where in it.
 * @param {string} id "#<epoch>.<offset>"
 * @returns {{epoch: string, offset: number} | null}
 */
export function parseId(id) {
  const match = /^#([^.]+)\.(0|[1-9][0-9]*)$/.exec(id);
  return match ? { epoch: match[1] ?? '', offset: Number(match[2]) } : null;
}

/**
 * @typedef {object} Entry
 * @property {'next' | 'twice' | 'history'} kind `history`: the hub has begun a new one, counting starts over.
 * @property {number} offset
 * @property {number} holes Offsets passed over since the event before.
 * @property {boolean} lost Whether they are missing, or may be of types that were not chosen.
 */

/**
 * Keeps account of the ids that arrived. The demo's hub carries nothing but the clocks' events, so its offsets
 * are consecutive, and a hole is a lost event, unless a type was not chosen in between.
 */
export class Ledger {
  received = 0;
  missing = 0;
  twice = 0;
  leftOut = 0;
  epoch = '';
  /** Offsets; 0 before the first event. */
  first = 0;
  last = 0;
  /** Whether every type has been chosen since the last event. */
  #complete = false;

  /** Some type is not handed on any more, or was not until now: the next hole may be of that. */
  choiceChanged() {
    this.#complete = false;
  }

  /**
   * @param {string} id
   * @param {boolean} everyType Whether all types are chosen now.
   * @returns {Entry | null} null for what is not an id of a hub's own.
   */
  take(id, everyType) {
    const place = parseId(id);
    if (!place) return null;
    const { epoch, offset } = place;
    this.received += 1;
    if (epoch !== this.epoch) {
      const kind = this.epoch === '' ? 'next' : 'history';
      this.epoch = epoch;
      this.first = this.last = offset;
      this.#complete = everyType;
      return { kind, offset, holes: 0, lost: false };
    }
    if (offset <= this.last) {
      this.twice += 1;
      return { kind: 'twice', offset, holes: 0, lost: false };
    }
    const holes = offset - this.last - 1;
    const lost = holes > 0 && this.#complete && everyType;
    if (lost) this.missing += holes;
    else this.leftOut += holes;
    this.last = offset;
    this.#complete = everyType;
    return { kind: 'next', offset, holes, lost };
  }

  /** In a sentence. */
  get verdict() {
    if (this.received === 0) return 'No id yet.';
    const wrong = [];
    if (this.missing > 0) wrong.push(`${this.missing} missing`);
    if (this.twice > 0) wrong.push(`${this.twice} twice`);
    const range = `${this.first} to ${this.last}`;
    if (wrong.length > 0) return `From ${range}: ${wrong.join(', ')}.`;
    if (this.leftOut > 0) return `Every id from ${range} arrived once, but for the types not chosen.`;
    return `Every id from ${range} arrived, each once.`;
  }
}
