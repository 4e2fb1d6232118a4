/** No wait is shorter: a server that refuses at once is not asked in a busy loop. All in milliseconds. */
const floor = 250;
/** The upper bound of the first wait; it doubles with each further failure. */
const base = 1_000;
/** No wait is longer. */
const cap = 30_000;
/** A stream that was open for this long counts as recovered: the waits start over. */
const stable = 5_000;

/** How long to wait between attempts. */
export const defaultBackoff: { readonly floor: number; readonly base: number; readonly cap: number; readonly stable: number } = { floor, base, cap, stable };

/**
 * Full jitter: each wait is drawn evenly between the floor and a bound that doubles per failure. Pages that
 * lost the same server at the same moment thus come back spread over the whole interval. There is no last
 * attempt.
 */
export class Backoff {
  /** Failures since the last reset. */
  failures = 0;
  readonly #random: () => number;
  #base = base;

  /** `random` returns a number from 0 up to, not including, 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Counts a failure and returns the wait before the next attempt. `openFor` tells how long the failed
   *  stream had been open, 0 or NaN if it never was. */
  next(openFor: number): number {
    if (openFor >= stable) this.reset();
    const bound = Math.max(floor, Math.min(cap, this.#base * 2 ** this.failures++));
    return Math.round(floor + this.#random() * (bound - floor));
  }

  /** Takes the reconnection time that a server asks for as the upper bound of the first wait. */
  pace(ms: number): void {
    this.#base = Math.max(ms, floor);
  }

  reset(): void {
    this.failures = 0;
  }
}
