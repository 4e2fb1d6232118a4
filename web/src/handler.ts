/** A handler property, such as `onopen`: one listener that can be replaced. As for the browser's own, its place among
 *  the listeners is where it was first set. */
export class HandlerSlot<E extends Event> {
  readonly #target: EventTarget;
  readonly #type: string;
  #handler: ((event: E) => unknown) | null = null;
  #attached = false;

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
    if (this.#attached) return;
    this.#attached = true;
    this.#target.addEventListener(this.#type, (event) => {
      this.#handler?.call(this.#target, event as E);
    });
  }
}
