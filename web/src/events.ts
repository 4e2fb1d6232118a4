import type { StateReason } from './types.js';

/** The word in an `events` attribute that leaves the unnamed events out. */
const noMessage = 'no-message';

/** The words of an `events` attribute, each once. */
export function eventWords(attribute: string | null): string[] {
  return [...new Set((attribute ?? '').split(/\s+/).filter((word) => word !== ''))];
}

/** The event types that an `events` attribute asks for. Unnamed events, which a browser calls `message`, are always
 *  among them unless the attribute says otherwise. */
export function eventTypes(attribute: string | null): Set<string> {
  const types = new Set(['message', ...eventWords(attribute)]);
  if (types.delete(noMessage)) types.delete('message');
  return types;
}

/** Names that mean something else on an element: events so named are handed to the page only by `sse`. */
export function isReserved(type: string): boolean {
  return /^(open|error|gap|sse|sse:.*)$/s.test(type);
}

/** Whether a state's reason is one that an `error` event tells. */
export function isFailure(reason: StateReason): boolean {
  return /^(lost|silent|refused|invalid-src|ended)$/.test(reason);
}
