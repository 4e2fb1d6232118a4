import type { Gap, StateChange } from './types.js';

/**
 * A place in a stream that can be compared with others of the same line: `at` rises with each event. With a hub it is
 * the log's offset, and the line is the log's epoch. Other servers' events are counted by the host, which makes up a line that
 * names the types that it counts; the next host goes on counting from there.
 */
export interface Mark {
  /** The cursor to ask the server with, '' if there is none. */
  readonly id: string;
  /** NaN if only the server knows. */
  readonly at: number;
  readonly line: string;
}

/** What a page wants of a stream. Plain data. */
export interface Wanted {
  /** Names it within its page. */
  readonly id: number;
  readonly url: string;
  readonly withCredentials: boolean;
  readonly types: readonly string[];
  readonly mark: Mark;
  /** Read with `fetch`: the page is asked for headers before each request. Streams with unlike keys are not shared. */
  readonly headers?: string | undefined;
  /** Where the file is that reads streams with `fetch`. */
  readonly file?: string | undefined;
}

/** From page to host. */
export type Ask =
  | { readonly k: 'want'; readonly wanted: Wanted }
  /** The stream may be taken up again within `linger` milliseconds. */
  | { readonly k: 'drop'; readonly id: number; readonly linger: number }
  | { readonly k: 'redo'; readonly id: number }
  | { readonly k: 'headers'; readonly id: number; readonly headers: Record<string, string> }
  | { readonly k: 'wake'; readonly reason: 'online' | 'visible' }
  /** Is there a host? */
  | { readonly k: 'who' }
  | { readonly k: 'gone' }
  | { readonly k: 'ping' }
  | { readonly k: 'info' };

/** From host to page; which of its wants are meant goes beside it. */
export type Tell =
  /** The host is there: pages say what they want. */
  | { readonly k: 'host'; readonly host: string; readonly generation: number }
  | { readonly k: 'event'; readonly feed: number; readonly mark: Mark; readonly type: string; readonly data: string; readonly lastEventId: string; readonly origin: string }
  /** The wants are served by this feed, and have had all up to the mark. */
  | { readonly k: 'mark'; readonly feed: number; readonly mark: Mark }
  /** Forget the mark: the hub's log has begun anew. */
  | { readonly k: 'reset'; readonly feed: number; readonly mark: Mark }
  | { readonly k: 'state'; readonly detail: StateChange }
  | { readonly k: 'gap'; readonly gap: Gap }
  | { readonly k: 'headers' }
  /** The host is no longer in charge: look for the next one. */
  | { readonly k: 'moved' }
  | { readonly k: 'pong' }
  | { readonly k: 'info'; readonly info: HostInfo };

/** How a host reaches pages: by page, the wants that are meant. */
export type Deliver = (to: ReadonlyMap<string, number[]>, tell: Tell) => void;

/** What a host says of itself. */
export interface HostInfo {
  readonly pages: number;
  readonly feeds: readonly FeedInfo[];
}

export interface FeedInfo {
  readonly url: string;
  readonly hub: boolean;
  readonly state: string;
  readonly subscriptions: number;
  readonly at: number;
  readonly cursor: string;
  /** Connections made so far. */
  readonly opened: number;
  /** Events received, and those of them that every subscription had already. */
  readonly events: number;
  readonly repeated: number;
  /** Events kept for those who come back. */
  readonly kept: number;
}
