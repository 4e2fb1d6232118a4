import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discover } from '../../src/discover.js';

const page = 'https://app.example/books/1';
const hub = 'https://hub.example/.well-known/mercure';

/** An answer as a script sees it: bytes above U+007F are single characters. */
function answer(...links: string[]): { headers: Headers; url: string } {
  const headers = new Headers();
  for (const link of links) headers.append('Link', Buffer.from(link, 'utf8').toString('latin1'));
  return { headers, url: page };
}

for (const { name, links, want } of [
  { name: 'only the hub', links: [`<${hub}>; rel="mercure"`], want: { hub, topic: page, lastEventId: '' } },
  { name: 'all', links: [`<${hub}>; rel="mercure"; last-event-id="#e.7"; type="change"`, '</books/1>; rel="self"'], want: { hub, topic: '/books/1', lastEventId: '#e.7' } },
  { name: 'in one header, the other way round', links: [`</books/1>;rel=self,<${hub}>;last-event-id="#e.7";rel=mercure`], want: { hub, topic: '/books/1', lastEventId: '#e.7' } },
  { name: 'a relative address', links: ['</hub?a=b>; rel="mercure"'], want: { hub: 'https://app.example/hub?a=b', topic: page, lastEventId: '' } },
  { name: 'an id that is not plain', links: [`<${hub}>; rel="mercure"; last-event-id="日本 <x>; rel=\\"self\\", \\\\"`], want: { hub, topic: page, lastEventId: '日本 <x>; rel="self", \\' } },
  { name: 'among others', links: ['</style.css>; rel=preload; as=style; crossorigin', `<${hub}>; rel="alternate Mercure"`, '</list?page=2>; rel="next"'], want: { hub, topic: page, lastEventId: '' } },
  { name: 'after one that has no address', links: ['<http://[>; rel="mercure"; last-event-id="y"', `<${hub}>; rel="mercure"; last-event-id="x"`], want: { hub, topic: page, lastEventId: 'x' } },
  { name: 'several hubs', links: [`<${hub}>; rel="mercure"`, '<https://second.example/hub>; rel="mercure"; last-event-id="x"'], want: { hub, topic: page, lastEventId: '' } },
]) {
  test(`discover: ${name}`, () => {
    const found = discover(answer(...links));
    assert.deepEqual({ hub: found?.hub, topic: found?.topic, lastEventId: found?.lastEventId }, want);
    const url = new URL(found?.url ?? '');
    assert.deepEqual(url.searchParams.getAll('match'), [want.topic]);
    url.searchParams.delete('match');
    assert.equal(url.href, want.hub);
  });
}

for (const links of [[], ['</style.css>; rel="preload"'], ['; rel="mercure"'], ['<unfinished; rel="mercure"'], ['<http://[>; rel="mercure"'], [`<${hub}>; title="rel=mercure"`]]) {
  test(`discover: nothing in ${JSON.stringify(links)}`, () => assert.equal(discover(answer(...links)), undefined));
}

test('discover takes time in proportion to the header', () => {
  for (const text of [`<x>${'; a='.repeat(20_000)}"`, '<'.repeat(100_000), `<x>;${' '.repeat(100_000)}`]) assert.equal(discover(answer(text)), undefined);
});
