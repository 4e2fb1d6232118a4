/** What the page's life asks of a connection. */
export interface PageObserver {
  /** The network is back, or the page is in sight again: a wait need not be sat out. */
  wake(reason: 'online' | 'visible'): void;
  /** The page is left. It may come back out of the back/forward cache. */
  hide(): void;
  /** The page came back out of the back/forward cache. */
  restore(): void;
}

/** What a connection needs of the place it runs in. */
export interface Host {
  open(url: string, withCredentials: boolean): EventSource;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  random(): number;
  /** Observes the page until the returned function is called. */
  watch(observer: PageObserver): () => void;
}

/** Globals are read when called: this module can be imported where there are none. */
export const browserHost: Host = {
  open: (url, withCredentials) => new EventSource(url, { withCredentials }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
  random: () => Math.random(),
  watch(observer) {
    const scope = new AbortController();
    const { signal } = scope;
    addEventListener('online', () => observer.wake('online'), { signal });
    // `pagehide` rather than `beforeunload` or `unload`: those keep a page out of the back/forward cache.
    addEventListener('pagehide', () => observer.hide(), { signal });
    addEventListener('pageshow', (event) => event.persisted && observer.restore(), { signal });
    document.addEventListener(
      'visibilitychange',
      () => document.visibilityState === 'visible' && observer.wake('visible'),
      { signal },
    );
    return () => scope.abort();
  },
};
