/** An event that is kept for a while. */
export interface Kept {
  readonly at: number;
  /** Rough size in UTF-16 units. */
  readonly size: number;
}

/** Bounds of what is kept: events, and their sizes together. */
const most = 1_000;
const room = 2 ** 20;

/** The last events of a feed, bounded by their number and by their size together. */
export class Ring<E extends Kept> {
  /** Events at and before this place are not, or no longer, here. */
  floor: number = NaN;
  #events: E[] = [];
  #size = 0;

  get length(): number {
    return this.#events.length;
  }

  /** Forgets everything; what comes next lies behind `floor`. */
  reset(floor: number): void {
    this.floor = floor;
    this.#events = [];
    this.#size = 0;
  }

  push(event: E): void {
    this.#events.push(event);
    this.#size += event.size;
    while (this.length > most || this.#size > room) {
      const { at, size } = this.#events.shift() as E;
      this.#size -= size;
      this.floor = at;
    }
  }

  /** The events after a place. */
  after(at: number): E[] {
    return this.#events.filter((event) => event.at > at);
  }
}
