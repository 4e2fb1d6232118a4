import assert from 'node:assert/strict';
import type { EventSourceElement } from '../../src/index.js';
import { eventually, scene, streams, until } from './harness.js';

scene('three clocks on one stream', async ({ server, page, load, recording }) => {
  await load(`
    <event-source src="/stream" events="est pdt">
      <time data-sse="message"></time><time data-sse="est"></time><time data-sse="pdt"></time>
    </event-source>`);
  await streams(server, 1);
  for (let second = 0; second < 3; second++) {
    server.emit(`utc ${second}`);
    server.emit(`est ${second}`, 'est');
    server.emit(`pdt ${second}`, 'pdt');
  }
  const { events } = await until('nine events', recording, ({ events }) => events.length === 9);
  assert.deepEqual(
    events.map(({ type, data, lastEventId }) => [type, data, lastEventId]),
    server.log.map(({ type, data, id }) => [type || 'message', data, String(id)]),
  );
  await eventually('the clocks', () => page.locator('time').allTextContents(), ['utc 2', 'est 2', 'pdt 2']);
  assert.equal(server.requests.length, 1);
});

scene('only the types that are listed arrive, and unnamed events', async ({ server, load, data }) => {
  await load('<event-source src="/stream" events="est"></event-source>');
  await streams(server, 1);
  server.emit('p', 'pdt');
  server.emit('e', 'est');
  server.emit('E', 'EST');
  server.emit('end');
  await eventually('the events', data, ['e', 'end']);
});

scene('unnamed events arrive in each of their spellings', async ({ server, load, recording }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.write('data: plain\n\n');
  server.write('event: message\ndata: named\n\n');
  server.write('event:\ndata: empty\n\n');
  server.write('event\ndata: bare\n\n');
  server.write('event: other\ndata: not this\n\n');
  server.write('data:\n\n');
  const { events } = await until('five events', recording, ({ events }) => events.length >= 5);
  assert.deepEqual(events.map(({ type }) => type), Array(5).fill('message'));
  assert.deepEqual(events.map(({ data }) => data), ['plain', 'named', 'empty', 'bare', '']);
});

scene('no-message leaves unnamed events out', async ({ server, load, data }) => {
  await load('<event-source src="/stream" events="est no-message"></event-source>');
  await streams(server, 1);
  server.emit('unnamed');
  server.emit('named', 'message');
  server.emit('e', 'est');
  await eventually('the events', data, ['e']);
});

scene('another list of types applies from then on, on the same stream', async ({ server, page, load, data }) => {
  await load('<event-source src="/stream" events="est"></event-source>');
  await streams(server, 1);
  server.emit('p1', 'pdt');
  server.emit('e1', 'est');
  await eventually('the events', data, ['e1']);
  await page.evaluate(() => {
    document.querySelector('event-source')!.events = ['pdt', 'no-message'];
  });
  server.emit('p2', 'pdt');
  server.emit('e2', 'est');
  server.emit('m2');
  server.emit('p3', 'pdt');
  await eventually('the events', data, ['e1', 'p2', 'p3']);
  assert.deepEqual(await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    return [element.getAttribute('events'), element.events];
  }), ['pdt no-message', ['pdt', 'no-message']]);
  assert.equal(server.requests.length, 1);
});

scene('events are dispatched on the element as by an EventSource, without bubbling', async ({ server, page, load }) => {
  await load('<div><event-source src="/stream" events="est"></event-source></div>');
  await streams(server, 1);
  await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    const heard: unknown[] = [];
    Object.assign(window, { heard });
    element.addEventListener('est', (event) => {
      heard.push([event.constructor.name, event.data, event.lastEventId, event.origin, event.bubbles, event.cancelable]);
    });
    element.onmessage = function (event) {
      heard.push(['onmessage', event.data, this === element]);
    };
    for (const type of ['est', 'message', 'error', 'open']) {
      addEventListener(type, () => heard.push(`${type} reached the window`));
    }
  });
  server.emit('e', 'est');
  server.emit('m');
  await eventually('what was heard', () => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard), [
    ['MessageEvent', 'e', '1', server.origin, false, false],
    ['onmessage', 'm', true],
  ]);
});

scene('the sse event leaves shadow roots and carries JSON and its source', async ({ server, page, load }) => {
  await load('<div id="host"></div>');
  await page.evaluate(() => {
    const heard: unknown[] = [];
    Object.assign(window, { heard });
    document.addEventListener('sse', (event) => {
      const { json, source, lastEventId } = event.detail;
      heard.push([json ?? 'no JSON', source.localName, lastEventId, event.target === document.querySelector('#host')]);
    });
    const root = document.querySelector('#host')!.attachShadow({ mode: 'open' });
    root.innerHTML = '<event-source src="/stream"></event-source>';
  });
  await streams(server, 1);
  server.emit('{"a":[1]}');
  server.emit('text');
  await eventually('what was heard', () => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard), [
    [{ a: [1] }, 'event-source', '1', true],
    ['no JSON', 'event-source', '2', true],
  ]);
});

scene("names of the component's own reach the page only inside sse", async ({ server, page, load, data, recording, state }) => {
  await load('<event-source src="/stream" events="open error sse sse:state"><i data-sse="error"></i></event-source>');
  await until('the stream', state, (now) => now === 'open');
  await page.evaluate(() => {
    const element = document.querySelector('event-source')!;
    const heard: string[] = [];
    Object.assign(window, { heard });
    element.onopen = () => heard.push('onopen');
    element.onerror = () => heard.push('onerror');
    for (const type of ['open', 'error', 'sse', 'sse:state']) {
      element.addEventListener(type, (event: Event) => event instanceof MessageEvent && heard.push(type));
    }
  });
  for (const type of ['open', 'error', 'sse', 'sse:state']) server.emit(`from ${type}`, type);
  server.emit('end');
  await eventually('the events', data, ['from open', 'from error', 'from sse', 'from sse:state', 'end']);
  await eventually('the binding', () => page.locator('i').textContent(), 'from error');
  assert.deepEqual(await page.evaluate(() => (window as unknown as { heard: string[] }).heard), []);
  assert.deepEqual((await recording()).states.map((change) => change.state), ['connecting', 'open']);
  assert.equal(await state(), 'open');
});

scene("a server's error that was not asked for is not heard at all", async ({ server, load, data, recording, state }) => {
  await load('<event-source src="/stream"></event-source>');
  await streams(server, 1);
  server.emit('x', 'error');
  server.emit('y', 'open');
  server.emit('end');
  await eventually('the events', data, ['end']);
  assert.equal(await state(), 'open');
  assert.equal((await recording()).states.length, 2);
});

scene('open and error are plain events on the element', async ({ server, page, load }) => {
  await load('');
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const element = document.createElement('event-source') as EventSourceElement;
    element.onopen = (event) => heard.push(`${event.type} ${element.readyState} ${event.bubbles}`);
    element.onerror = (event) => heard.push(`${(event as Event).type} ${element.readyState} ${(event as Event).bubbles}`);
    element.src = '/stream';
    document.body.append(element);
  });
  await streams(server, 1);
  const heard = (): Promise<string[]> => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await eventually('what was heard', heard, ['open 1 false']);
  assert.equal(await server.cut(), 1);
  await eventually('what was heard', heard, ['open 1 false', 'error 0 false', 'open 1 false']);
});
