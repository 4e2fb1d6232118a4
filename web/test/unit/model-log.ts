/** A sequence of numbers from 0 up to, not including, 1, the same for the same seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 1_013_904_223) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

export interface Update {
  /** No other has it, whatever became of the log. */
  readonly key: number;
  readonly topics: readonly string[];
  readonly type: string;
  /** As its publisher gave it; '' for the position. */
  readonly id: string;
  readonly data: string;
}

/** A place in a log. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

interface Term {
  readonly epoch: string;
  readonly first: number;
}

/** What a log was in one term: up to its end, or up to now. */
interface View {
  readonly terms: readonly Term[];
  readonly updates: readonly Update[];
}

export interface Verdict {
  readonly kind: 'fresh' | 'resumed' | 'gap';
  readonly after: number;
  /** Up to where the loss goes, on a gap. */
  readonly to: number;
  readonly why: string;
}

export function parsePlace(id: string): Place | undefined {
  const [, epoch, digits] = /^#([^.]+)\.(\d+)$/.exec(id) ?? [];
  return epoch === undefined ? undefined : { epoch, offset: Number(digits) };
}

/**
 * The log of a hub: each start begins a term, and may have lost the end then, or all. It remembers what it was in each
 * term, so that one can tell what those had lost who lived then.
 */
export class Log {
  /** The first offset that is kept. */
  floor = 1;
  /** How many newest updates are sent behind a gap. */
  gapReplay = 0;
  starts = 1;
  published = 0;
  #terms: Term[] = [{ epoch: 'e1', first: 1 }];
  #updates: Update[] = [];
  readonly #views = new Map<string, View>();

  constructor() {
    this.#view();
  }

  get head(): number {
    return this.#updates.length;
  }

  get epoch(): string {
    return this.#terms.at(-1)?.epoch ?? '';
  }

  publish(topics: readonly string[], type: string, id: string, pad = ''): Update {
    const key = ++this.published;
    const update = { key, topics, type, id, data: `${key}|${pad}` };
    this.#updates.push(update);
    return update;
  }

  at(offset: number): Update | undefined {
    return this.#updates[offset - 1];
  }

  /** Begins a new term; `lost` updates at the end are no more, and with `anew` nothing is left. */
  start(lost: number, anew = false): void {
    const head = anew ? 0 : Math.max(this.head - lost, this.floor - 1);
    this.starts += 1;
    this.#updates = this.#updates.slice(0, head);
    this.floor = Math.min(this.floor, head + 1);
    const left = anew ? [] : this.#terms.filter(({ first }) => first <= head + 1);
    this.#terms = [...left, { epoch: `e${this.starts}`, first: head + 1 }];
    this.#view();
  }

  /** The position of an offset, in the term in which it was, or will be, written. */
  position(offset: number): string {
    const term = this.#terms.findLast(({ first }) => first <= offset) ?? this.#terms[0];
    return `#${term?.epoch}.${offset}`;
  }

  /** What the hub says to a cursor. */
  judge(cursor: string, wanted: (update: Update) => boolean): Verdict {
    const oldest = this.floor - 1;
    const gap = (why: string, had: number): Verdict => {
      const kept = this.#updates.map((_, i) => i + 1).filter((offset) => offset > oldest && wanted(this.at(offset) as Update));
      const newest = (kept.at(-this.gapReplay - 1) ?? oldest);
      const after = Math.max(oldest, had, this.gapReplay === 0 ? this.head : newest);
      return { kind: 'gap', why, after, to: after };
    };
    const behind = (offset: number): Verdict =>
      offset < oldest ? gap('retention', offset) : { kind: 'resumed', after: offset, to: 0, why: '' };
    if (cursor === '') return { kind: 'fresh', after: this.head, to: 0, why: '' };
    if (cursor === 'earliest') return { kind: 'resumed', after: oldest, to: 0, why: '' };
    const place = parsePlace(cursor);
    if (place) return this.had(place, this.epoch) ? behind(place.offset) : gap('lineage', this.#shared(place));
    const offset = this.find(cursor);
    return offset === undefined ? gap('unknown-id', 0) : behind(offset);
  }

  /** The first of those that are kept with a publisher's id. */
  find(id: string): number | undefined {
    const i = this.#updates.findIndex((update, at) => at + 1 >= this.floor && update.id === id);
    return i < 0 ? undefined : i + 1;
  }

  /** The first of all with a publisher's id, if it is kept. */
  first(id: string): number | undefined {
    const i = this.#updates.findIndex((update) => update.id === id);
    return i + 1 < this.floor ? undefined : i + 1;
  }

  /** Whether a place lies in the history that the log had in a term. */
  had({ epoch, offset }: Place, term: string): boolean {
    const { terms, updates } = this.view(term);
    const i = terms.findIndex((each) => each.epoch === epoch);
    return i >= 0 && offset <= Math.min(updates.length, (terms[i + 1]?.first ?? Infinity) - 1);
  }

  /** The same place, named by the term in which it was written. */
  origin(place: Place): Place {
    const { terms } = this.view(place.epoch);
    const { epoch } = terms.findLast(({ first }) => first <= place.offset) ?? terms[0] ?? place;
    return { ...place, epoch };
  }

  view(term: string): View {
    return this.#views.get(term) ?? { terms: [], updates: [] };
  }

  #view(): void {
    this.#views.set(this.epoch, { terms: this.#terms, updates: this.#updates });
  }

  #shared({ epoch, offset }: Place): number {
    const i = this.#terms.findIndex((each) => each.epoch === epoch);
    return i < 0 || i === this.#terms.length - 1 ? 0 : Math.min(offset, (this.#terms[i + 1]?.first ?? 1) - 1);
  }
}
