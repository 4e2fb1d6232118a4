/** Where a cursor outlives its page: with the tab, or with the browser's profile. */
export type Persist = 'session' | 'local' | 'none' | null;

/** Writing is not free: a stream that is fast is written this often only, and when the page goes. In milliseconds. */
const pace = 1_000;

/** Keeps a cursor over reloads. Where there is no storage, as in some private windows, it keeps nothing. */
export class Keeper {
  #storage: Storage | undefined;
  readonly #key: string;
  readonly #cursor: () => string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(persist: Persist | undefined, url: string, cursor: () => string) {
    this.#key = `tidings:${url}`;
    this.#cursor = cursor;
    try {
      // There is none of any other name.
      this.#storage = globalThis[`${persist as 'local'}Storage`];
    } catch {
      // Forbidden.
    }
  }

  /** '' or nothing if there is none. */
  load(): string | null | undefined {
    return this.#storage?.getItem(this.#key);
  }

  changed(): void {
    if (this.#storage) this.#timer ??= setTimeout(() => this.save(), pace);
  }

  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#storage?.setItem(this.#key, this.#cursor());
    } catch {
      // Full.
    }
  }
}
