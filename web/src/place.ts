import type { FetchOptions } from './fetch-source.js';

/** A stream of events: the browser's EventSource, or what looks like it. */
export interface Source {
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

/** What a connection needs of the place it runs in: a page or a worker. */
export interface Place {
  open(url: string, withCredentials: boolean): Source;
  /** Reads a stream with `fetch`; `file` is where a place that has not loaded what that takes finds it. */
  fetch(url: string, options: FetchOptions, file: string): Source;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back when what has arrived by now was handled; no timer, which a hidden page would have slowed down. */
  soon(callback: () => void): void;
  /** Milliseconds, also of the time that the machine slept. */
  now(): number;
  random(): number;
}

/** What pages and workers have in common. */
export const browser: Omit<Place, 'fetch'> = {
  open: (url, withCredentials) => new EventSource(url, { withCredentials }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  soon(callback) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(0);
  },
  now: () => Date.now(),
  random: () => Math.random(),
};
