/** An event that is kept for a while. */
export interface Kept {
  readonly at: number;
  /** Rough size in UTF-16 units. */
  readonly size: number;
}

/** The last events of a feed, bounded by their number and by their size together. */
export class Ring<E extends Kept> {
  /** Events at and before this place are not, or no longer, here. */
  floor: number = NaN;
  readonly #count: number;
  readonly #room: number;
  #events: E[] = [];
  #head = 0;
  #size = 0;

  constructor(count: number = 1_000, room: number = 2 ** 20) {
    this.#count = count;
    this.#room = room;
  }

  get length(): number {
    return this.#events.length - this.#head;
  }

  /** Forgets everything; what comes next lies behind `floor`. */
  reset(floor: number): void {
    this.floor = floor;
    this.#events = [];
    this.#head = this.#size = 0;
  }

  push(event: E): void {
    this.#events.push(event);
    this.#size += event.size;
    while (this.length > this.#count || this.#size > this.#room) {
      const oldest = this.#events[this.#head++] as E;
      this.#size -= oldest.size;
      this.floor = oldest.at;
    }
    // Moves what is left only when that is the smaller part.
    if (this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The events after a place. */
  after(at: number): E[] {
    return this.#events.slice(this.#head).filter((event) => event.at > at);
  }
}
