/**
 * The place in the stream that a new connection goes on from: the id of the last event seen.
 *
 * A native EventSource keeps a cursor of its own and sends it as a header, but only on the reconnects it does
 * itself, and it takes no initial one. We make a new EventSource for each attempt, so ours goes in the URL.
 *
 * Why nothing of the listened types is lost or doubled, although the browser does not show us events whose
 * type we do not listen to, so that ours may be older than its own:
 *  - a stream is ordered, and every event that we are shown moves this cursor before it is handed on. So with c
 *    the cursor, each listened event up to c has been handed on, and none after c has;
 *  - the server resumes with all that follows c. Of that, what is listened to was never handed on (nothing
 *    twice) and all of it comes (nothing lost). The rest was passed over before and is passed over again.
 * Events without an id are covered as far as the server can replay them: they carry the id before them.
 * Before the first event with an id there is no cursor to resume from, only what the page gave as the initial one.
 * An empty `id:` makes the next connection start with what comes next: the server asked for that.
 * One freedom remains: a type that is first listened to after c may, on such a resume, also bring its events
 * from between c and the moment of listening. They are new to the page, and in order.
 */
export class Cursor {
  #id: string;
  #known: boolean;
  #seenOnStream = false;

  /** `initial` is where the first connection starts, '' to start with what comes next. */
  constructor(initial: string) {
    this.#id = initial;
    this.#known = initial !== '';
  }

  get id(): string {
    return this.#id;
  }

  /** Goes on from another place than that of the last event. */
  moveTo(id: string): void {
    this.#id = id;
    this.#known = id !== '';
  }

  /** A new stream is about to open. The last event ID of an EventSource is empty until an event brings one; a stream
   *  that brings the cursor `inHeader` knows it, and an empty one is news. */
  begin(inHeader = false): void {
    this.#seenOnStream = inHeader && this.#id !== '';
  }

  /**
   * Takes the `lastEventId` that the browser gave an event; returns the one to hand on.
   *
   * Empty means "cleared by an empty `id:`" only after this same stream has brought or been told an id. Before that it
   * only means that the event has none, and the cursor stays, as it does over a reconnect of the browser's own.
   */
  see(lastEventId: string): string {
    if (lastEventId !== '' || this.#seenOnStream) {
      this.#id = lastEventId;
      this.#known = true;
      this.#seenOnStream = true;
    }
    return this.#id;
  }

  /**
   * Puts the cursor into a URL as `last_event_id`, in place of any that the page wrote there: a cursor in `src`
   * is only where to start; `inHeader` only takes that one away. The rest of the query stays as it was written, byte by
   * byte.
   */
  applyTo(url: string, inHeader = false): string {
    if (!this.#known) return url;
    const target = new URL(url);
    const kept = pairsOf(target).filter((pair) => !isCursor(pair));
    if (this.#id !== '' && !inHeader) {
      kept.push(`${new URLSearchParams({ last_event_id: this.#id })}`.replaceAll('+', '%20'));
    }
    target.search = kept.join('&');
    return target.href;
  }
}

/** The pairs of a query, as they are written. */
export function pairsOf({ search }: URL): string[] {
  return search === '' ? [] : search.slice(1).split('&');
}

/** Whether a pair of a query is a cursor, in any spelling that servers of this protocol take one from. */
export function isCursor(pair: string): boolean {
  const [[name] = ['']] = new URLSearchParams(pair);
  return /^(last_event_id|last-event-id|lasteventid)$/i.test(name);
}
