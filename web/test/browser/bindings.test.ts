import assert from 'node:assert/strict';
import { eventually, scene, streams, until } from './harness.js';

scene('text, attributes and paths into JSON', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream" events="item tick">
      <i id="text" data-sse="tick">as served</i>
      <i id="attribute" data-sse="tick" data-sse-attr="title">left alone</i>
      <i id="path" data-sse="item" data-sse-path="name.0"></i>
      <i id="missing" data-sse="item" data-sse-path="nothing.here">as served</i>
      <i id="null" data-sse="item" data-sse-path="gone">as served</i>
      <i id="object" data-sse="item" data-sse-path="name"></i>
      <button id="flag" data-sse="item" data-sse-path="busy" data-sse-attr="disabled"></button>
      <i id="either" data-sse="item tick"></i>
      <i id="unnamed" data-sse="message"></i>
    </event-source>
    <i id="outside" data-sse="tick">as served</i>`);
  await streams(server, 1);
  const content = (): Promise<Record<string, string>> =>
    page.evaluate(() => Object.fromEntries([...document.querySelectorAll('i')].map((node) => [node.id, node.textContent ?? ''])));
  server.emit('t1', 'tick');
  server.emit('{"name":["n"],"gone":null,"busy":true}', 'item');
  await eventually('the texts', content, {
    text: 't1', attribute: 'left alone', path: 'n', missing: 'as served', null: '', object: '["n"]',
    either: '{"name":["n"],"gone":null,"busy":true}', unnamed: '', outside: 'as served',
  });
  assert.equal(await page.locator('#attribute').getAttribute('title'), 't1');
  assert.equal(await page.locator('#flag').getAttribute('disabled'), '');
  server.emit('no JSON', 'item');
  server.emit('u');
  await eventually('the texts', content, {
    text: 't1', attribute: 'left alone', path: 'n', missing: 'as served', null: '', object: '["n"]',
    either: 'no JSON', unnamed: 'u', outside: 'as served',
  });
  server.emit('{"busy":false}', 'item');
  await eventually('the flag', () => page.locator('#flag').getAttribute('disabled'), null);
});

scene('what comes over the network never becomes markup or script', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream">
      <p data-sse="message"></p>
      <a href="/safe" data-sse="message" data-sse-attr="href">link</a>
      <b data-sse="message" data-sse-attr="onclick">bold</b>
      <iframe data-sse="message" data-sse-attr="srcdoc"></iframe>
      <script data-sse="message"></script>
      <u data-sse="message"></u>
    </event-source>`);
  await streams(server, 1);
  for (const data of ['<img src=x onerror="window.hit=1">', 'javascript:window.hit=2', 'window.hit=3']) {
    server.emit(data);
    await eventually('the text', () => page.locator('p').textContent(), data);
    await eventually('the last one', () => page.locator('u').textContent(), data);
  }
  assert.equal(await page.locator('p *').count(), 0);
  await page.locator('b').click();
  assert.equal(await page.locator('b').getAttribute('onclick'), null);
  assert.equal(await page.locator('iframe').getAttribute('srcdoc'), null);
  assert.equal(await page.locator('a').getAttribute('href'), 'window.hit=3', 'a harmless address is written');
  assert.equal(await page.evaluate(() => 'hit' in window), false);
});

scene('a frame writes the last value, however many came', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream"><b data-sse="message"></b></event-source>');
  await streams(server, 1);
  await page.evaluate(() => {
    const writes: string[] = [];
    Object.assign(window, { writes });
    const node = document.querySelector('b')!;
    new MutationObserver(() => writes.push(node.textContent ?? '')).observe(node, { childList: true });
  });
  const count = 500;
  server.write(Array.from({ length: count }, (_, i) => `data: ${i + 1}\n\n`).join(''));
  await until('the events', data, (got) => got.length === count);
  await eventually('the text', () => page.locator('b').textContent(), String(count));
  const writes = await page.evaluate(() => (window as unknown as { writes: string[] }).writes);
  assert.equal(writes.at(-1), String(count));
  assert.ok(writes.length < count / 10, `${writes.length} writes for ${count} events`);
});

scene('a page that gets no frames is written nonetheless', async ({ server, page, load }) => {
  await page.addInitScript(() => {
    window.requestAnimationFrame = () => 1;
  });
  await load('<event-source src="/stream"><b data-sse="message"></b></event-source>');
  await streams(server, 1);
  server.emit('one');
  await eventually('the text', () => page.evaluate(() => document.querySelector('b')!.textContent), 'one');
  server.emit('two');
  await eventually('the text', () => page.evaluate(() => document.querySelector('b')!.textContent), 'two');
});

scene('blocks are shown in their state only, and :state() tells it to style sheets', async ({ server, page, load, recording }) => {
  const shown = (): Promise<string[]> =>
    page.evaluate(() => [...document.querySelectorAll<HTMLElement>('p')].filter((node) => !node.hidden).map((node) => node.id));
  const matching = (): Promise<string[]> =>
    page.evaluate(() => {
      const element = document.querySelector('event-source')!;
      return ['idle', 'connecting', 'open', 'retrying', 'closed'].filter((state) => element.matches(`:state(${state})`));
    });
  server.answer = { kind: 'status', status: 503 };
  await load(`
    <event-source src="/stream">
      <p id="open" data-sse-state="open" hidden></p>
      <p id="retrying" data-sse-state="retrying"></p>
      <p id="trouble" data-sse-state="retrying closed"></p>
      <p id="idle" data-sse-state="idle"></p>
    </event-source>`);
  await until('a refusal', recording, ({ states }) => states.some(({ reason }) => reason === 'refused'));
  await eventually('the blocks', shown, ['retrying', 'trouble']);
  assert.deepEqual(await matching(), ['retrying']);
  server.answer = { kind: 'stream' };
  await streams(server, 1);
  await eventually('the blocks', shown, ['open']);
  assert.deepEqual(await matching(), ['open']);
  await page.evaluate(() => document.querySelector('event-source')!.close());
  await eventually('the blocks', shown, ['trouble']);
  assert.deepEqual(await matching(), ['closed']);
});

scene('of several types on one node, the last event wins within a frame too', async ({ server, page, load }) => {
  await load('<event-source src="/stream" events="a b"><b data-sse="a b"></b><u data-sse="b"></u></event-source>');
  await streams(server, 1);
  server.write('event: a\ndata: a1\n\nevent: b\ndata: b1\n\nevent: a\ndata: a2\n\n');
  await eventually('the text', () => page.locator('u').textContent(), 'b1');
  await eventually('the text', () => page.locator('b').textContent(), 'a2');
});

scene('blocks that the parser reaches only after the stream is open', async ({ server, page, data }) => {
  let release = (): void => {};
  server.later = new Promise((resolve) => (release = resolve));
  server.body = `
    <script src="/tidings.iife.js"></script>
    <event-source src="/stream"><b data-sse="message"></b><script src="/later.js"></script>
      <p data-sse-state="retrying">retrying</p><p data-sse-state="open" hidden>open</p></event-source>`;
  await page.goto(server.origin, { waitUntil: 'commit' });
  await streams(server, 1);
  server.emit('x');
  await eventually('the events', data, ['x']);
  await eventually('the text', () => page.evaluate(() => document.querySelector('b')!.textContent), 'x');
  assert.equal(await page.locator('p').count(), 0, 'the parser is held up');
  release();
  await eventually('the blocks', () => page.locator('p:not([hidden])').allTextContents(), ['open']);
});

scene('blocks of an element without a stream show that it is idle', async ({ page, load }) => {
  await load('<event-source><p data-sse-state="idle" hidden>idle</p><p data-sse-state="open">open</p></event-source>');
  await eventually('the blocks', () => page.locator('p:not([hidden])').allTextContents(), ['idle']);
});

scene('preventDefault on sse leaves the bindings alone', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream"><b data-sse="message"></b><u data-sse="message"></u></event-source>');
  await page.evaluate(() => document.addEventListener('sse', (event) => {
    if (event.detail.data === 'private') event.preventDefault();
  }));
  await streams(server, 1);
  server.emit('public');
  await eventually('the text', () => page.locator('b').textContent(), 'public');
  await page.evaluate(() => {
    const texts: (string | null)[] = [];
    Object.assign(window, { texts });
    const node = document.querySelector('b')!;
    new MutationObserver(() => texts.push(node.textContent)).observe(node, { childList: true });
  });
  server.emit('private');
  await eventually('the events', data, ['public', 'private']);
  server.emit('public again');
  await eventually('the text', () => page.locator('u').textContent(), 'public again');
  assert.deepEqual(await page.evaluate(() => (window as unknown as { texts: string[] }).texts), ['public again']);
});

scene('an element writes what is its own, also what was added later', async ({ server, page, load }) => {
  await load(`
    <event-source id="outer" src="/stream/outer"><b id="o" data-sse="message"></b>
      <event-source id="inner" src="/stream/inner" paused><b id="i" data-sse="message">untouched</b></event-source>
    </event-source>`);
  await streams(server, 1);
  await page.evaluate(() => document.querySelector('#outer')!.insertAdjacentHTML('beforeend', '<b id="later" data-sse="message"></b>'));
  server.emit('x');
  await eventually('the texts', () => page.locator('b').allTextContents(), ['x', 'untouched', 'x']);
});

scene('a property that makes an address of a list does not run it', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream">
      <a href="/safe" data-sse="message" data-sse-path="url" data-sse-prop="href">link</a>
      <u data-sse="message" data-sse-path="n"></u>
    </event-source>`);
  await streams(server, 1);
  for (const [n, url] of ['javascript:void(window.hit=1)', ['javascript:void(window.hit=2)'], [[' javascript:void(window.hit=3)']]].entries()) {
    server.emit(JSON.stringify({ n, url }));
    await eventually('the last one', () => page.locator('u').textContent(), String(n));
    assert.equal(await page.locator('a').getAttribute('href'), '/safe');
  }
  server.emit('{"n":"end","url":["/harmless"]}');
  await eventually('a harmless address', () => page.locator('a').getAttribute('href'), '/harmless');
});

scene('what one node refuses keeps nothing from the others, and is reported', async ({ server, page, load }) => {
  await load(`
    <event-source src="/stream">
      <progress data-sse="message" data-sse-path="n" data-sse-prop="value"></progress>
      <a data-sse="message" data-sse-path="o" data-sse-prop="href"></a>
      <b data-sse="message" data-sse-path="n"></b>
      <template data-sse-for="message"><i data-sse data-sse-path="n"></i></template>
    </event-source>`);
  await page.evaluate(() => {
    Object.assign(window, { reported: [] });
    addEventListener('error', (event) => {
      event.preventDefault();
      (window as unknown as { reported: string[] }).reported.push(event.error.constructor.name);
    });
  });
  await streams(server, 1);
  server.emit('{"n":"not a number","o":{"toString":1,"valueOf":1}}');
  await eventually('the text', () => page.locator('b').textContent(), 'not a number');
  await eventually('the copy', () => page.locator('i').allTextContents(), ['not a number']);
  assert.deepEqual(await page.evaluate(() => (window as unknown as { reported: string[] }).reported), ['TypeError', 'TypeError']);
});
