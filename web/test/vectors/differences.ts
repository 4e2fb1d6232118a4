import type { Outcome, Pace } from './native.js';

/** What is known of a browser's own EventSource. */
interface Engine {
  readonly pace: Pace;
  /** Where it makes something else of a vector than it ought to: what. */
  readonly differences: Readonly<Record<string, Partial<Outcome>>>;
}

/** Told to people in docs/eventsource-differences.md. */
export const engines: Readonly<Record<'chromium' | 'firefox' | 'webkit', Engine>> = {
  chromium: {
    pace: { usual: 3_000, least: 0 },
    differences: {
      // The line end becomes a part of the next line.
      'byte order mark before a line end': { events: [] },
      // A retry without digits resets the time.
      'last valid retry wins': { retry: 3_000 },
    },
  },
  firefox: { pace: { usual: 5_000, least: 500 }, differences: {} },
  webkit: { pace: { usual: 3_000, least: 0 }, differences: {} },
};
