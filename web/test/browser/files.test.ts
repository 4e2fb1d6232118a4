import assert from 'node:assert/strict';
import { eventually, scene, until } from './harness.js';

const element = (attributes: string): string => `<event-source src="/hub?topic=a" ${attributes}></event-source>`;

/** Gives the elements of a page headers, before the component is there to ask for them. */
const withHeaders = '<script>document.querySelector("event-source").headers = { "X-Any": "1" }</script>';

for (const { name, body, files } of [
  { name: 'the worker', body: element(''), files: ['/tidings.js', '/tidings-worker.js'] },
  { name: 'a worker that sends headers', body: element('') + withHeaders, files: ['/tidings.js', '/tidings-worker.js', '/tidings-fetch.js'] },
  { name: 'a tab', body: element('share="leader"'), files: ['/tidings.js', '/tidings-host.js'] },
  { name: 'the page itself', body: element('share="none"') + withHeaders, files: ['/tidings.js', '/tidings-host.js'] },
]) {
  scene(`what is loaded where the connection is held by ${name}`, async ({ server, hub, load, data }) => {
    await load(body);
    await until('the stream', () => hub.open, (open) => open === 1);
    hub.publish('a', 'x');
    await eventually('the events', data, ['x']);
    assert.deepEqual(server.scripts, files);
  });
}

for (const { name, missing, body } of [
  { name: 'what reads streams with fetch', missing: ['/tidings-fetch.js'], body: element('last-event-id="#e1.0"') + withHeaders },
  { name: 'what makes a tab the host', missing: ['/tidings-host.js'], body: element('last-event-id="#e1.0" share="leader"') },
  { name: 'the worker, and what makes a tab the host', missing: ['/tidings-worker.js', '/tidings-host.js'], body: element('last-event-id="#e1.0"') },
]) {
  scene(`${name} cannot be loaded at first: retried, nothing lost or twice`, async ({ server, hub, load, data, recording }) => {
    for (const path of missing) server.missing.add(path);
    hub.publish('a', 'before');
    await load(body);
    const { states } = await until('two failures', recording, (seen) => seen.states.some(({ attempt }) => attempt === 2));
    assert.deepEqual(states.slice(0, 2).map(({ state, reason }) => [state, reason]), [['connecting', 'start'], ['retrying', 'refused']]);
    assert.equal(hub.requests.length, 0);
    hub.publish('a', 'meanwhile');
    server.missing.clear();
    await until('the stream', () => hub.open, (open) => open === 1);
    hub.publish('a', 'after');
    await eventually('the events', data, ['before', 'meanwhile', 'after']);
    assert.equal(hub.maxOpen, 1);
  });
}

for (const share of ['auto', 'leader']) {
  scene(`${share}: a page that the browser gives no locks, as it may keep nothing, holds the connection itself`, async ({ hub, load, data }) => {
    const denied = '<script>navigator.locks.request = async () => { throw new DOMException("denied", "SecurityError") }</script>';
    await load(denied + element(`share="${share}"`));
    await until('the stream', () => hub.open, (open) => open === 1);
    hub.publish('a', 'x');
    await eventually('the events', data, ['x']);
  });
}
