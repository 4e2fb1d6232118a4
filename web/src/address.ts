import { isCursor, pairsOf } from './cursor.js';

/** What is wanted of a hub. */
export interface Matcher {
  /** As the query of an address writes it, always in the same way. */
  readonly pair: string;
  /** Whether an update of these topics is meant. */
  matches(topics: readonly string[]): boolean;
}

/** An address, taken apart so that those that differ in their matchers only can be united. */
export interface Address {
  /** All but the matchers. Equal for addresses that may be united. */
  readonly base: string;
  /** Empty if the address cannot be united with others: it selects no topics, or in a way that only the hub knows. */
  readonly matchers: readonly Matcher[];
  /** The cursor that was written into an address that can be united; '' if there is none. */
  readonly cursor: string;
}

/** Longer addresses are refused by some servers. */
const longest = 8_000;

interface PatternClass {
  new (pattern: string, base: string): { test(input: string, base?: string): boolean };
}

export function addressOf(url: string): Address {
  const target = new URL(url);
  const kept: string[] = [];
  const matchers: Matcher[] = [];
  let unitable = true;
  let cursor = '';
  let dialect = false;
  for (const pair of pairsOf(target)) {
    const [[name, value] = ['', '']] = new URLSearchParams(pair);
    const matches = matcherOf(name, value, target.href);
    if (matches) {
      // The two dialects of the protocol do not mix.
      if (matchers.length === 0) dialect = name === 'topic';
      matchers.push({ pair: `${name}=${encodeURIComponent(value)}`, matches: (topics) => value === '*' || topics.some(matches) });
    } else if (/^(signals$|envelope$|replay$|topic|match)/i.test(name)) {
      unitable = false;
    } else if (isCursor(pair)) {
      cursor = value;
    } else {
      kept.push(pair);
    }
  }
  if (!unitable || matchers.length === 0) return { base: url, matchers: [], cursor: '' };
  target.search = kept.join('&');
  return { base: `${target.href}#${dialect}`, matchers, cursor };
}

/** What tells whether a topic is meant; undefined if the pair is no matcher, or one that only the hub can read. */
function matcherOf(name: string, value: string, base: string): ((topic: string) => boolean) | undefined {
  // In a topic, braces make a template.
  if (/^match(_exact)?$/.test(name) || (name === 'topic' && !value.includes('{'))) return (topic) => topic === value;
  const Pattern = (globalThis as { URLPattern?: PatternClass }).URLPattern;
  if (name !== 'match_urlpattern' || !Pattern) return undefined;
  try {
    const pattern = new Pattern(value, base);
    return (topic) => pattern.test(topic, base);
  } catch {
    return undefined;
  }
}

/** The address that asks a hub for all these matchers, and to say what it knows; '' if it gets too long. */
export function unite(base: string, pairs: Iterable<string>): string {
  const target = new URL(base);
  target.hash = '';
  target.search = [...pairsOf(target), ...pairs, 'signals=1', 'envelope=1'].join('&');
  return target.href.length > longest ? '' : target.href;
}
