import type { Outcome, Pace } from './native.js';

/** What is known of a browser's own EventSource. */
interface Engine {
  readonly pace: Pace;
  /** What it makes of a vector where that is not what it ought to be. */
  readonly differences: Readonly<Record<string, Partial<Outcome>>>;
}

const nulInId = { retry: 5_000 };
const noDigits = { retry: 500 };
const lenient = { retry: 0 };

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
  firefox: {
    pace: { usual: 5_000, least: 500 },
    differences: {
      // A NUL in an id takes the line behind it along.
      'format-field-id-null only NUL': nulInId,
      'format-field-id-null NUL at the start': nulInId,
      'format-field-id-null NUL at the end': nulInId,
      'format-field-id-null NUL inside': nulInId,
      'format-field-id-null space and NUL': nulInId,
      'id with NUL keeps the one before': { events: [['message', 'a', '1']] },
      'id with NUL keeps the one in the same block': { events: [['message', 'a', '\0']], cursor: '' },
      // A NUL within another value is dropped.
      'NUL, VT, FF, NEL, LS and PS do not end a line': { events: [['message', 'ab\vc\fd\u0085e\u2028f\u2029g', '']] },
      'type with NUL': { events: [['ab', '1', '']] },
      'retry with NUL': noDigits,
      // An id in a block without data is not taken, and an empty one there clears nothing.
      'id before, with and after data': { events: [['message', 'a', ''], ['message', 'b', '2'], ['message', 'c', '3']] },
      'id without data sticks': { cursor: '' },
      'empty id without data resets': { events: [['message', 'a', '1'], ['message', 'b', '1']], cursor: '1' },
      // A retry without digits is one of 0, which is as much as 500.
      'format-field-retry-empty': noDigits,
      'fields without a colon': noDigits,
      'retry empty': noDigits,
      'retry of one space': noDigits,
    },
  },
  webkit: {
    pace: { usual: 3_000, least: 0 },
    differences: {
      // A byte order mark is only found in one piece, and one of UTF-16 counts.
      'format-bom, byte by byte': { events: [['message', '3', '']] },
      'UTF-16 byte order mark, in one piece': { events: [] },
      // An id in a block without data counts for the events that follow, not for a reconnect.
      'id without data sticks': { cursor: '' },
      // Blanks and a sign around the digits of a retry are let pass; without digits it resets the time.
      'retry with two leading spaces': lenient,
      'retry with a trailing space': lenient,
      'retry with a plus sign': lenient,
      'last valid retry wins': { retry: 3_000 },
    },
  },
};
