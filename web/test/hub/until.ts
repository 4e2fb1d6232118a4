import assert from 'node:assert/strict';

/** Waits until `read` gives what `accept` takes, and returns it; fails with what it last gave. */
export async function until<T>(what: string, read: () => T | Promise<T>, accept: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > end) assert.fail(`waited in vain for ${what}; last seen: ${JSON.stringify(value)}`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
