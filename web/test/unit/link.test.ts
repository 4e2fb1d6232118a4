// A page's side of the wire, with the worker, its locks and what a page has of its browser played by the test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask, Tell, Wanted } from '../../src/wire.js';

interface Port {
  onmessage?: (event: { data: [number[], Tell] }) => void;
  postMessage(data: [string, Ask]): void;
  close(): void;
}

const asked: Ask[] = [];
let port: Port | undefined;

const set = (name: string, value: unknown): void => void Object.defineProperty(globalThis, name, { value, configurable: true });
set('document', { baseURI: 'https://app.example/', visibilityState: 'visible', addEventListener() {} });
set('location', { origin: 'https://app.example' });
set('addEventListener', () => {});
const { setInterval } = globalThis;
set('setInterval', (task: () => void, ms: number) => setInterval(task, ms).unref());
set('SharedWorker', class {
  readonly port: Port = {
    postMessage: ([, ask]) => void asked.push(ask),
    close() {},
  };

  constructor() {
    ({ port } = this);
  }
});
// A page gets its own lock; that of its worker never comes free.
const request = (name: string, _options: LockOptions, held: () => unknown): Promise<unknown> => (name.includes('.page.') ? Promise.resolve().then(held) : new Promise(() => {}));
set('navigator', { locks: { request, query: async () => ({ held: [] }) } });

const { settings } = await import('../../src/link.js');
const { Subscription } = await import('../../src/subscription.js');
settings.worker = '/tidings-worker.js';

function tell(tell: Tell, ...ids: number[]): void {
  port?.onmessage?.({ data: [ids, tell] });
}

/** What was asked since the last time, when it has been. */
async function heard(): Promise<Ask[]> {
  await new Promise((resolve) => setTimeout(resolve));
  return asked.splice(0);
}

function wants(asks: Ask[]): Wanted[] {
  return asks.flatMap((ask) => (ask.k === 'want' ? [ask.wanted] : []));
}

function subscribe(): { source: InstanceType<typeof Subscription>; data: string[]; reasons: string[] } {
  const data: string[] = [];
  const reasons: string[] = [];
  const options = { url: 'https://app.example/stream', withCredentials: false, lastEventId: '', types: new Set(['message']), share: 'worker' } as const;
  const source = new Subscription(options, { event: (event) => data.push(event.data), state: ({ reason }) => reasons.push(reason), gap() {} });
  source.open('start');
  return { source, data, reasons };
}

const host = (name: string): Tell => ({ k: 'host', host: name, generation: 0 });
const mark = (at: number): { id: string; at: number; line: string } => ({ id: String(at), at, line: 'l' });
const event = (at: number): Tell => ({ k: 'event', feed: 3, mark: mark(at), type: 'message', data: String(at), lastEventId: String(at), origin: '' });

test('what was on its way when a source was closed does not count for the same source opened again', async () => {
  const one = subscribe();
  const other = subscribe();
  await heard();
  tell(host('a'));
  const [first, second] = wants(await heard()).map(({ id }) => id) as [number, number];
  for (const id of [first, second]) tell({ k: 'mark', feed: 3, mark: mark(1) }, id);
  tell(event(2), first, second);
  one.source.close('close');
  one.source.open('start');
  const asks = await heard();
  const [again] = wants(asks) as [Wanted];
  assert.deepEqual(asks, [{ k: 'drop', id: first, linger: 0 }, { k: 'want', wanted: again }]);
  assert.equal(again.mark.at, 2);
  // The host had sent this before it heard of any of that, and an event comes when it has only heard of the end.
  tell({ k: 'mark', feed: 3, mark: mark(2) }, first);
  tell(event(3), second);
  // Then it hears of the beginning, and hands on what follows the mark.
  tell({ k: 'mark', feed: 3, mark: mark(2) }, again.id);
  tell(event(3), again.id);
  tell(event(4), again.id, second);
  assert.deepEqual(one.data, ['2', '3', '4']);
  assert.deepEqual(other.data, ['2', '3', '4']);
  one.source.close('close');
  other.source.close('close');
  await heard();
});

test('a stream that its server has ended is not asked for of the next host, but when it is opened', async () => {
  const ended = subscribe();
  const other = subscribe();
  const [first, second] = wants(await heard()) as [Wanted, Wanted];
  tell({ k: 'state', detail: { state: 'closed', attempt: 0, nextRetryMs: null, reason: 'ended' } }, first.id);
  assert.deepEqual(ended.reasons, ['start', 'ended']);
  assert.deepEqual(await heard(), [{ k: 'drop', id: first.id, linger: 0 }]);
  tell(host('b'));
  assert.deepEqual(wants(await heard()).map(({ id }) => id), [second.id]);
  assert.equal(ended.source.state, 'closed');
  ended.source.open('start');
  assert.equal(wants(await heard()).length, 1);
  ended.source.close('close');
  other.source.close('close');
});
