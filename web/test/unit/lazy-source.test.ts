import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lazySource } from '../../src/lazy-source.js';

/** A file with a FetchSource that keeps what is done to it in a global of this name. */
function fileNamed(name: string): string {
  const code = `export class FetchSource {
    constructor(url, options) { this.url = url; this.options = options; this.closed = false; globalThis[${JSON.stringify(name)}] = this; }
    addEventListener(type, listener) { this.listener = listener; }
    close() { this.closed = true; }
  }`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

interface Made {
  readonly url: string;
  readonly options: unknown;
  readonly closed: boolean;
  readonly listener: (event: Event) => void;
}

const made = (name: string): Made | undefined => (globalThis as unknown as Record<string, Made>)[name];
const options = { withCredentials: true, headers: async () => ({}), lastEventId: '7' };
const loaded = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

test('what the file makes is asked, and heard by the listener that was added last', async () => {
  const source = lazySource('https://x.example/s', options, fileNamed('asked'));
  const heard: string[] = [];
  source.addEventListener('message', () => heard.push('the first'));
  await loaded();
  assert.deepEqual([made('asked')?.url, made('asked')?.options], ['https://x.example/s', options]);
  source.addEventListener('est', ({ type }) => heard.push(type));
  made('asked')?.listener(new Event('pdt'));
  assert.deepEqual(heard, ['pdt']);
  source.close();
  made('asked')?.listener(new Event('late'));
  assert.deepEqual([heard, made('asked')?.closed], [['pdt'], true]);
});

test('a file that cannot be loaded is an error', async () => {
  const source = lazySource('https://x.example/s', options, 'data:text/javascript,throw 1');
  const heard: string[] = [];
  source.addEventListener('message', ({ type }) => heard.push(type));
  await loaded();
  assert.deepEqual(heard, ['error']);
});

test('what is closed before the file is there asks for nothing, and tells nothing', async () => {
  const heard: string[] = [];
  for (const file of [fileNamed('closed'), 'data:text/javascript,throw 2']) {
    const source = lazySource('https://x.example/s', options, file);
    source.addEventListener('message', ({ type }) => heard.push(type));
    source.close();
  }
  await loaded();
  assert.deepEqual([heard, made('closed')], [[], undefined]);
});
