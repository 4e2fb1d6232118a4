import type { ConnectionState } from './types.js';

/** Shows an element's state to style sheets, as `:state(open)`. */
export class StateSet {
  #states: CustomStateSet | undefined;
  #current = '';

  constructor(element: HTMLElement) {
    // Older browsers have no ElementInternals, or none with states. Their style sheets go without.
    this.#states = element.attachInternals?.().states;
  }

  set(state: ConnectionState): void {
    try {
      this.#states?.delete(this.#current);
      this.#states?.add(state);
      this.#current = state;
    } catch {
      // Chrome before 125 takes only names that begin with two dashes.
      this.#states = undefined;
    }
  }
}
