// The package `eventsource`, which most programs for Node use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSource, type ErrorEvent } from 'eventsource';
import { Hub } from './binary.js';
import { legacyToken, modernToken } from './tokens.js';
import { until } from './until.js';

interface Received {
  readonly id: string;
  readonly data: string;
}

/** A source with what it received, and the cursors that it sent, one for each request. */
function watch(url: string, authorization?: string): { source: EventSource; got: Received[]; cursors: (string | null)[]; errors: (number | undefined)[] } {
  const got: Received[] = [];
  const cursors: (string | null)[] = [];
  const errors: (number | undefined)[] = [];
  const source = new EventSource(url, {
    fetch: (input, init) => {
      const headers = new Headers(init.headers);
      if (authorization) headers.set('Authorization', authorization);
      cursors.push(headers.get('Last-Event-ID'));
      return fetch(input, { ...init, headers });
    },
  });
  source.addEventListener('message', ({ lastEventId, data }) => got.push({ id: lastEventId, data: String(data) }));
  source.addEventListener('error', ({ code }: ErrorEvent) => errors.push(code));
  return { source, got, cursors, errors };
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  for (const parameter of ['match', 'topic']) {
    test(`eventsource with ${parameter}= gets exactly what it missed over a ${signal}`, { timeout: 60_000 }, async () => {
      const hub = await Hub.start({ data: 'disk' });
      const { source, got, cursors } = watch(`${hub.url}?${parameter}=news`);
      try {
        await hub.opened(1);
        const sent: Received[] = [];
        const publish = async (topic: string, data: string, more = {}): Promise<void> => {
          const id = await hub.publish({ topic, data, ...more });
          if (topic === 'news') sent.push({ id, data });
        };
        await publish('news', 'one');
        await publish('other', 'not for us');
        await publish('news', 'two\nlines', { id: 'urn:example:2' });
        await until('what was published', () => got.length, (length) => length === 2);
        const failed = cursors.length;
        await hub.down(signal);
        await hub.elsewhere(async () => {
          await publish('news', 'three');
          await publish('other', 'not for us either');
          await publish('news', 'four', { id: 'urn:example:4' });
        });
        await hub.up();
        await hub.opened(1);
        await publish('news', 'five');
        await until('the rest', () => got.length, (length) => length >= 5);
        assert.deepEqual(got, sent);
        assert.equal(cursors[0], null);
        assert.deepEqual(new Set(cursors.slice(failed)), new Set(['urn:example:2']));
      } finally {
        source.close();
        await hub.remove();
      }
    });
  }
}

for (const [dialect, token] of [['1.0', modernToken({ subscribe: ['news'] })], ['0.x', legacyToken({ subscribe: ['news'] })]] as const) {
  test(`eventsource receives private updates with a token of ${dialect} in its header`, { timeout: 60_000 }, async () => {
    const hub = await Hub.start();
    const granted = watch(`${hub.url}?match=news&match=secrets`, `Bearer ${token}`);
    const anonymous = watch(`${hub.url}?match=news&match=secrets`);
    try {
      await hub.opened(2);
      await hub.publish({ topic: 'news', data: 'for those who may', private: 'on' });
      await hub.publish({ topic: 'secrets', data: 'for others', private: 'on' });
      await hub.publish({ topic: 'news', data: 'for all' });
      await until('the public one', () => [granted.got.length, anonymous.got.length], ([one, two]) => one === 2 && two === 1);
      assert.deepEqual(granted.got.map(({ data }) => data), ['for those who may', 'for all']);
      assert.deepEqual(anonymous.got.map(({ data }) => data), ['for all']);
    } finally {
      granted.source.close();
      anonymous.source.close();
      await hub.remove();
    }
  });
}

test('eventsource gives up when its token is refused, and knows why', { timeout: 60_000 }, async () => {
  const hub = await Hub.start();
  const { source, errors } = watch(`${hub.url}?match=news`, `Bearer ${legacyToken({ subscribe: ['*'] }).slice(0, -4)}AAAA`);
  try {
    await until('an error', () => errors, ({ length }) => length > 0);
    assert.deepEqual(errors, [401]);
    assert.equal(source.readyState, EventSource.CLOSED);
  } finally {
    source.close();
    await hub.remove();
  }
});
