/** Time after which a write no longer waits for a frame, in milliseconds. */
const patience = 100;

/**
 * Runs a task at most once per animation frame, however often it is asked for.
 *
 * A page that is out of sight gets no frames, so a timer runs beside the frame request and whichever comes first
 * does the work. This needs no look at the page's visibility and also holds when that changes in between. (Timers
 * of hidden pages are slowed down, not stopped.)
 */
export class FrameTask {
  readonly #task: () => void;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(task: () => void) {
    this.#task = task;
  }

  schedule(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => this.#run(), patience);
    this.#frame = requestAnimationFrame(() => this.#run());
  }

  #run(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = undefined;
    this.#task();
  }
}
