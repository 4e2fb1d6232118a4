/** Time after which a write no longer waits for a frame, in milliseconds. */
const patience = 100;

/**
 * Returns what runs a task at most once per animation frame, however often it is called.
 *
 * A page that is out of sight gets no frames, so a timer runs beside the frame request and whichever comes first
 * does the work. This needs no look at the page's visibility and also holds when that changes in between. (Timers
 * of hidden pages are slowed down, not stopped.)
 */
export function oncePerFrame(task: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;
  const run = (): void => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    timer = undefined;
    task();
  };
  return () => {
    if (timer) return;
    timer = setTimeout(run, patience);
    frame = requestAnimationFrame(run);
  };
}
