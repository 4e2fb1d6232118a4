// curl, with which most people meet a stream for the first time.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Hub } from './binary.js';
import { legacyToken, modernToken } from './tokens.js';
import { until } from './until.js';

/** curl on its way. Fails if there is no curl. */
class Curl {
  readonly #process;
  #output = '';

  constructor(...args: string[]) {
    this.#process = spawn('curl', ['--silent', '--show-error', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process.on('error', (error) => assert.fail(`this test needs curl: ${error.message}`));
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  get output(): string {
    return this.#output;
  }

  /** All that it wrote, once it has ended well. */
  async end(): Promise<string> {
    const [code] = (await once(this.#process, 'close')) as [number];
    assert.equal(code, 0, 'the exit code of curl');
    return this.#output;
  }

  /** Events as they are written, once the last one ends so. Comments are left out. */
  async events(end: string): Promise<string> {
    return until(`events up to ${JSON.stringify(end)}`, () => this.#output.replaceAll('\r', '').replaceAll(/^:.*\n+/gm, ''), (text) => text.endsWith(end));
  }

  kill(): void {
    this.#process.kill();
  }
}

async function withHub(play: (hub: Hub) => Promise<void>): Promise<void> {
  const hub = await Hub.start();
  try {
    await play(hub);
  } finally {
    await hub.remove();
  }
}

for (const [dialect, token] of [['1.0', modernToken], ['0.x', legacyToken]] as const) {
  test(`curl publishes and watches with tokens of ${dialect}`, { timeout: 60_000 }, () => withHub(async (hub) => {
    const watcher = new Curl('-N', '-H', `Authorization: Bearer ${token({ subscribe: ['news'] })}`, `${hub.url}?match=news`);
    await hub.opened(1);
    const publish = (...fields: string[]): Promise<string> => {
      const all = fields.flatMap((field) => ['--data-urlencode', field]);
      return new Curl('-H', `Authorization: Bearer ${token({ publish: ['news'] })}`, ...all, hub.url).end();
    };
    const first = await publish('topic=news', 'data=for those who may', 'private=on');
    assert.match(first, /^#[a-z0-9]+\.\d+$/);
    assert.equal(await publish('topic=news', 'data=two\nlines', 'type=note', 'id=urn:example:2'), 'urn:example:2');
    const want = `id: ${first}\ndata: for those who may\n\nid: urn:example:2\nevent: note\ndata: two\ndata: lines\n\n`;
    assert.equal(await watcher.events('data: lines\n\n'), want);
    watcher.kill();

    const back = new Curl('-N', '-i', '-H', `Authorization: Bearer ${token({ subscribe: ['news'] })}`, '-H', `Last-Event-ID: ${first}`, `${hub.url}?match=news`);
    const [head = '', events = ''] = (await back.events('data: lines\n\n')).split(/\n\n(.*)/s);
    assert.match(head, /^HTTP\/1.1 200 OK\n/);
    assert.match(head, new RegExp(`^Mercure-Last-Event-Id: ${first}$`, 'mi'));
    assert.equal(events, 'id: urn:example:2\nevent: note\ndata: two\ndata: lines\n\n');
    back.kill();

    // Without a token: what is public, and no publishing.
    const anonymous = new Curl('-N', `${hub.url}?match=news&last_event_id=earliest`);
    assert.equal(await anonymous.events('data: lines\n\n'), events);
    anonymous.kill();
    const refusal = await new Curl('-w', '%{http_code}', '-d', 'topic=news', hub.url).end();
    assert.match(refusal, /"status":\s*401.*401$/s);
  }));
}

test('curl --compressed shows each event of a compressed stream as it comes', { timeout: 60_000 }, () => withHub(async (hub) => {
  const watcher = new Curl('-N', '-i', '--compressed', `${hub.url}?match=news`);
  await hub.opened(1);
  let want = '';
  for (let n = 1; n <= 20; n++) {
    const data = `update ${n} `.repeat(100);
    want += `id: ${await hub.publish({ topic: 'news', data })}\ndata: ${data}\n\n`;
    const [head = '', events = ''] = (await watcher.events(`data: ${data}\n\n`)).split(/\n\n(.*)/s);
    assert.match(head, /^Content-Encoding: gzip$/mi);
    assert.equal(events, want);
  }
  watcher.kill();
}));
