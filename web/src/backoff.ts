/** How long to wait between attempts, in milliseconds. */
export interface BackoffOptions {
  /** No wait is shorter: a server that refuses at once is not asked in a busy loop. */
  readonly floor: number;
  /** The upper bound of the first wait; it doubles with each further failure. */
  readonly base: number;
  /** No wait is longer. */
  readonly cap: number;
  /** A stream that was open for this long counts as recovered: the waits start over. */
  readonly stable: number;
}

export const defaultBackoff: BackoffOptions = { floor: 250, base: 1_000, cap: 30_000, stable: 5_000 };

/**
 * Full jitter: each wait is drawn evenly between the floor and a bound that doubles per failure. Pages that
 * lost the same server at the same moment thus come back spread over the whole interval. There is no last
 * attempt.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #base: number;
  #failures = 0;

  /** `random` returns a number from 0 up to, not including, 1. */
  constructor(random: () => number, options: BackoffOptions = defaultBackoff) {
    this.#random = random;
    this.#options = options;
    this.#base = options.base;
  }

  /** Failures since the last reset. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure and returns the wait before the next attempt. `openFor` tells how long the failed
   *  stream had been open, 0 if it never was. */
  next(openFor: number): number {
    const { floor, cap, stable } = this.#options;
    if (openFor >= stable) this.reset();
    const bound = Math.max(floor, Math.min(cap, this.#base * 2 ** this.#failures));
    this.#failures += 1;
    return Math.round(floor + this.#random() * (bound - floor));
  }

  /** Takes the reconnection time that a server asks for as the upper bound of the first wait. */
  pace(ms: number): void {
    this.#base = Math.max(ms, this.#options.floor);
  }

  reset(): void {
    this.#failures = 0;
  }
}
