/**
 * Tells the events that were caught up after an interruption from those that came as they were published.
 *
 * An event was published while the page was away if its own time, brought to this machine's clock, lies before
 * the moment at which the stream was open again. How far the two clocks are apart is taken from the quickest
 * delivery so far.
 */
export class Comeback {
  #skew = Infinity;
  #lostAt = 0;
  #openAt = 0;
  #away = false;
  caughtUp = 0;
  /** Interruptions that ended. */
  count = 0;

  /** @param {number} now milliseconds, as all times here */
  lost(now) {
    if (this.#away) return;
    this.#away = true;
    this.#lostAt = now;
  }

  /**
   * @param {number} now
   * @returns {boolean} whether there was an interruption
   */
  opened(now) {
    if (!this.#away) return false;
    this.#away = false;
    this.#openAt = now;
    this.caughtUp = 0;
    this.count += 1;
    return true;
  }

  /** How long the last interruption lasted. */
  get gone() {
    return this.#openAt - this.#lostAt;
  }

  /**
   * @param {number} published what the event says; NaN if it says nothing: it is then like the one before it
   * @param {number} now
   * @returns {boolean} whether the event was caught up
   */
  event(published, now) {
    if (!Number.isNaN(published)) {
      this.#skew = Math.min(this.#skew, now - published);
      this.#late = published + this.#skew < this.#openAt;
    }
    if (this.#late) this.caughtUp += 1;
    return this.#late;
  }

  #late = false;
}
