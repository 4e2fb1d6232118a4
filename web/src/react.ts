import { useMemo, useSyncExternalStore } from 'react';
import { SharedEventSource, type ConnectionState, type SharedEventSourceOptions } from './index.js';

/** What a component shows of a stream. */
export interface Sse {
  /** The last event, if there was one. */
  readonly event: MessageEvent<string> | undefined;
  readonly state: ConnectionState;
}

const nothing: Sse = { event: undefined, state: 'idle' };

/** The last event of a stream and the state of its connection, which lasts as long as the component is mounted. The
 *  events that are wanted are listed in the options; other options count when the address changes. */
export function useSse(url: string, options: SharedEventSourceOptions = {}): Sse {
  const wanted = options.events ?? [];
  const events = typeof wanted === 'string' ? wanted : [...wanted].join(' ');
  const store = useMemo(() => storeOf(url, { ...options, events: events.split(' ').filter((name) => name !== '') }), [url, events]);
  return useSyncExternalStore(store.subscribe, store.get, () => nothing);
}

interface Store {
  subscribe(changed: () => void): () => void;
  get(): Sse;
}

function storeOf(url: string, options: SharedEventSourceOptions): Store {
  let now = nothing;
  return {
    get: () => now,
    subscribe(changed) {
      const source = new SharedEventSource(url, options);
      const set = (change: Partial<Sse>): void => {
        now = { ...now, ...change };
        changed();
      };
      // Of names that are the source's own, such as `error`, there are plain events too.
      const take = (event: Event): void => void (event instanceof MessageEvent && set({ event }));
      for (const name of ['message', ...(options.events ?? [])]) source.addEventListener(name, take);
      source.addEventListener('sse:state', () => set({ state: source.state }));
      set({ state: source.state });
      return () => source.close();
    },
  };
}
