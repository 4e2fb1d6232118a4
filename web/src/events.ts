import type { StateReason } from './types.js';

/** The words of an attribute, each once. */
export function wordsOf(attribute: string | null): string[] {
  return [...new Set(attribute?.match(/\S+/g))];
}

/** The event types that an `events` attribute asks for. Unnamed events, which a browser calls `message`, are always
 *  among them unless it says `no-message`. */
export function eventTypes(attribute: string | null): Set<string> {
  const types = new Set(['message', ...wordsOf(attribute)]);
  if (types.delete('no-message')) types.delete('message');
  return types;
}

/** Names that mean something else on an element: events so named are handed to the page only by `sse`. */
export function isReserved(type: string): boolean {
  return /^((open|error|gap|sse)$|sse:)/.test(type);
}

/** Whether a state's reason is one that an `error` event tells. */
export function isFailure(reason: StateReason): boolean {
  return /^(lost|silent|refused|invalid-src|ended)$/.test(reason);
}
