import { isCursor } from './cursor.js';

/** A matcher as the query of an address writes it. */
export interface Matcher {
  readonly name: string;
  readonly value: string;
  /** Whether an update of these topics is meant. */
  matches(topics: readonly string[]): boolean;
}

/** An address, taken apart so that those that differ in their matchers only can be united. */
export interface Address {
  readonly url: string;
  /** All but the matchers. Equal for addresses that may be united. */
  readonly base: string;
  /** Empty if the address cannot be united with others: it selects no topics, or in a way that only the hub knows. */
  readonly matchers: readonly Matcher[];
  /** The cursor that was written into an address that can be united; '' if there is none. */
  readonly cursor: string;
}

const exact: ReadonlySet<string> = new Set(['topic', 'match', 'match_exact']);

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
  for (const pair of target.search === '' ? [] : target.search.slice(1).split('&')) {
    const [[name, value] = ['', '']] = new URLSearchParams(pair);
    if (/^(signals|envelope|replay)$/.test(name)) unitable = false;
    const matcher = matcherOf(name, value, target);
    if (matcher) matchers.push(matcher);
    else if (isCursor(pair)) cursor = value;
    else kept.push(pair);
    if (!matcher && /^(topic|match)/i.test(name)) unitable = false;
  }
  if (!unitable || matchers.length === 0) return { url, base: url, matchers: [], cursor: '' };
  target.search = kept.join('&');
  // The two dialects of the protocol do not mix.
  return { url, base: `${target.href}#${matchers[0]?.name === 'topic'}`, matchers, cursor };
}

function matcherOf(name: string, value: string, base: URL): Matcher | undefined {
  if (exact.has(name)) {
    // A template, which only the hub can read.
    if (name === 'topic' && value.includes('{')) return undefined;
    return { name, value, matches: (topics) => value === '*' || topics.includes(value) };
  }
  const Pattern = (globalThis as { URLPattern?: PatternClass }).URLPattern;
  if (name !== 'match_urlpattern' || !Pattern) return undefined;
  try {
    const pattern = new Pattern(value, base.href);
    return { name, value, matches: (topics) => value === '*' || topics.some((topic) => pattern.test(topic, base.href)) };
  } catch {
    return undefined;
  }
}

/** The address with all these matchers, each once, that asks the hub to say what it knows; '' if it gets too long. */
export function unite(base: string, matchers: Iterable<Matcher>): string {
  const target = new URL(base);
  target.hash = '';
  const pairs = [...matchers].map(({ name, value }) => `${name}=${encodeURIComponent(value)}`);
  target.search = [target.search.slice(1), ...new Set(pairs), 'signals=1', 'envelope=1'].filter((pair) => pair !== '').join('&');
  return target.href.length > longest ? '' : target.href;
}
