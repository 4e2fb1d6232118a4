/** A handler property, such as `onopen`: one listener that can be replaced. As for the browser's own, its place among
 *  the listeners is where it was first set. */
export class HandlerSlot<E extends Event> {
  readonly #target: EventTarget;
  readonly #type: string;
  #handler: ((event: E) => unknown) | null = null;
  readonly #listener = (event: Event): void => {
    this.#handler?.call(this.#target, event as E);
  };

  constructor(target: EventTarget, type: string) {
    this.#target = target;
    this.#type = type;
  }

  get(): ((event: E) => unknown) | null {
    return this.#handler;
  }

  /** Anything but a function counts as null. */
  set(handler: unknown): void {
    this.#handler = typeof handler === 'function' ? (handler as (event: E) => unknown) : null;
    // One that is there already is not added again.
    this.#target.addEventListener(this.#type, this.#listener);
  }
}
