import assert from 'node:assert/strict';
import { eventually, scene, streams, until } from './harness.js';

/** As much of React as the hook takes: one component that is mounted for good. */
const react = `
  export const useMemo = (make) => make();
  export const useSyncExternalStore = (subscribe, get) => {
    window.seen = [];
    subscribe(() => seen.push(get()));
  };`;

for (const { name, events } of [
  { name: 'a list', events: ['tick', 'error'] },
  { name: "the attribute's spelling", events: 'tick error' },
]) {
  scene(`the hook takes ${name} of events, and hands on those of the stream only`, async ({ server, page, load }) => {
    await load(`
      <script type="importmap">{ "imports": { "react": "data:text/javascript,${encodeURIComponent(react)}" } }</script>
      <script type="module">
        import { useSse } from '/tidings-react.js';
        useSse('/stream', { share: 'none', events: ${JSON.stringify(events)} });
      </script>`);
    const seen = (): Promise<string[]> => page.evaluate(() =>
      (window as unknown as { seen: { event?: MessageEvent; state: string }[] }).seen.map(({ event, state }) => `${event?.type} ${event?.data} ${state}`));
    await streams(server, 1);
    server.emit('one', 'tick');
    server.emit('two');
    await until('the events', seen, (all) => all.at(-1) === 'message two open');
    assert.equal(await server.cut(), 1);
    await streams(server, 1);
    await until('the open stream', seen, (all) => all.at(-1) === 'message two open' && all.includes('message two retrying'));
    await eventually('what was seen', async () => [...new Set(await seen())], [
      'undefined undefined connecting', 'undefined undefined open', 'tick one open', 'message two open', 'message two retrying',
    ]);
  });
}
