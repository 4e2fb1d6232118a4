import { isDeepStrictEqual } from 'node:util';
import { firstRetry, Fixtures, type Cut } from './fixtures.js';
import { readVectors, type Vector } from './vectors.js';

/** A page of a browser, as far as this needs one. */
export interface Page {
  evaluate<T, A>(work: (argument: A) => T, argument: A): Promise<unknown>;
}

/** What a browser can be seen to have made of a vector. */
export interface Outcome {
  /** Type, data and lastEventId of each event. */
  readonly events: readonly (readonly [string, string, string])[];
  /** The Last-Event-ID of the request that follows, '' if it has none, without the blanks around it, which a header
   *  cannot hold; null where no request follows within the test's time. */
  readonly cursor: string | null;
  /** After how many milliseconds it comes: as many as asked for, or as the browser's own. */
  readonly retry: number | null;
}

/** How long a browser waits before it reconnects, in milliseconds. */
export interface Pace {
  /** If no server has said anything. */
  readonly usual: number;
  /** At least, whatever a server says. */
  readonly least: number;
}

/** Type, data and lastEventId of the events of one stream. */
type Heard = [string, string, string][];

const cuts: readonly Cut[] = ['whole', 'bytes'];

/** A time that no test waits for. */
const long = 10_000;

/** What a browser ought to make of a vector. */
function expected({ events, last_event_id: cursor, retry, initial_last_event_id: initial = '' }: Vector, { usual, least }: Pace): Outcome {
  const seen = events.map(({ type, data, id }) => [type, data, id] as const);
  if (retry !== null && retry > long) return { events: seen, cursor: null, retry: null };
  return { events: seen, cursor: bare(cursor), retry: Math.max(retry ?? (initial === '' ? usual : firstRetry), least) };
}

/** Plays all vectors; returns what a browser makes of those of which it makes something else than it ought to. What it
 *  does only with vectors in one piece, or only byte by byte, is under a name that says so. */
export async function deviations(page: Page, goto: (url: string) => Promise<void>, pace: Pace): Promise<Record<string, Partial<Outcome>>> {
  const vectors = readVectors();
  const rounds: Outcome[][] = [];
  for (const how of cuts) {
    const fixtures = await Fixtures.start(vectors);
    try {
      await goto(fixtures.origin);
      rounds.push(await play(page, fixtures, vectors, how, pace));
    } finally {
      fixtures.stop();
    }
  }
  const found: Record<string, Partial<Outcome>> = {};
  vectors.forEach((vector, index) => {
    const want = expected(vector, pace);
    const [whole, bytes] = rounds.map((outcomes) => differing(outcomes[index]!, want));
    if (isDeepStrictEqual(whole, bytes)) {
      if (whole) found[vector.name] = whole;
      return;
    }
    if (whole) found[`${vector.name}, in one piece`] = whole;
    if (bytes) found[`${vector.name}, byte by byte`] = bytes;
  });
  return found;
}

function differing(got: Outcome, want: Outcome): Partial<Outcome> | undefined {
  const entries = Object.entries(got).filter(([key, value]) => !isDeepStrictEqual(value, want[key as keyof Outcome]));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Opens all vectors in the browser's EventSource; returns what became of each. */
async function play(page: Page, fixtures: Fixtures, vectors: readonly Vector[], how: Cut, pace: Pace): Promise<Outcome[]> {
  const paths = vectors.map((_, index) => `/${how}/${index}`);
  // Also as what a browser makes of them that drops NUL.
  const types = vectors.flatMap(({ events }) => events.flatMap(({ type }) => [type, type.replaceAll('\0', '')]));
  const jobs = vectors.map(({ initial_last_event_id: initial = '', retry }, index) => ({
    path: paths[index]!,
    ends: initial === '' ? 1 : 2,
    close: retry !== null && retry > long,
  }));
  await page.evaluate(listen, { jobs, types });
  const heard = await all(page);
  return vectors.map((vector, index) => {
    const { cursors, pause } = fixtures.seen(paths[index]!);
    const prelude = vector.initial_last_event_id === undefined ? 0 : 1;
    const closed = pause === undefined;
    return {
      events: heard[index]!.slice(prelude),
      cursor: closed ? null : bare(cursors[1 + prelude] ?? ''),
      retry: closed ? null : longest(pause, [pace.least, pace.usual, expected(vector, pace).retry ?? pace.least]),
    };
  });
}

/** What the page has heard, when it has heard all. */
async function all(page: Page): Promise<Heard[]> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    // As text, since not every way out of a browser is safe for every character.
    const heard = await page.evaluate(() => JSON.stringify((window as unknown as { heard: Heard[] | null }).heard), null);
    if (heard !== 'null') return JSON.parse(String(heard)) as Heard[];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the browser has not come back for each vector within a minute');
}

/** Of the times that a browser may have waited, the longest that it did. */
function longest(pause: number, times: readonly number[]): number {
  return Math.max(...times.filter((time) => time <= pause + 50));
}

function bare(cursor: string): string {
  return cursor.replace(/^[ \t]+|[ \t]+$/g, '');
}

/** Runs in the page. Few streams are read at the same time, so that one that comes back finds a connection at once: what
 *  waits for its time holds none. */
function listen({ jobs, types }: { jobs: { path: string; ends: number; close: boolean }[]; types: string[] }): void {
  const place = window as unknown as { heard: Heard[] | null };
  place.heard = null;
  const waiting = [...jobs.entries()];
  const heard = jobs.map((): Heard => []);
  let open = jobs.length;
  const next = (): void => {
    const [index, job] = waiting.shift() ?? [];
    if (index === undefined || !job) return;
    let ends = 0;
    const source = new EventSource(job.path);
    const listener = (event: Event): void => {
      if (event instanceof MessageEvent) {
        heard[index]!.push([event.type, event.data, event.lastEventId]);
      } else if (event.type === 'error') {
        if (++ends === job.ends) {
          if (job.close) source.close();
          next();
        }
        if (source.readyState === EventSource.CLOSED && --open === 0) place.heard = heard;
      }
    };
    for (const type of new Set(['message', 'open', 'error', ...types])) source.addEventListener(type, listener);
  };
  for (let reading = 0; reading < 3; reading++) next();
}
