import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { cwd } from 'node:process';
import { eventually } from '../harness.js';
import { Application } from './app.js';
import { usage } from './usage.js';

const html = `<!doctype html>
  <script type="importmap">{ "imports": { "tidings": "/tidings.js", "tidings/discover": "/tidings-discover.js" } }</script>
  <script type="module">
    import { follow } from '/follow.js';
    const shown = (window.shown = []);
    window.source = await follow('/builds', (value) => shown.push(value));
  </script>`;

/** Declares the test of what an answer to fetch says of its updates. */
export function discovered(): void {
  usage('discover: what an answer holds, then every change of it', async (visit) => {
    const application = await Application.start(join(dirname(cwd()), 'examples', 'web', 'discover'));
    await visit(application, async (page) => {
      application.pages['/'] = () => html;
      application.build('main', 'red');
      const start = application.now;
      // The first change is there before the stream is.
      application.hub.headDelay = 100;
      await page.goto(application.origin);
      await eventually('the request', () => application.hub.requests.length, 1);
      application.build('main', 'green');
      await eventually('streams', () => application.hub.open, 1);
      application.build('next', 'green');
      const shown = (): Promise<unknown> => page.evaluate(() => (window as unknown as { shown: unknown }).shown);
      await eventually('what is shown', shown, [start, { name: 'main', status: 'green' }, { name: 'next', status: 'green' }]);
      assert.equal(application.hub.requests.at(0)?.query.get('match'), 'builds');
      await page.evaluate(() => (window as unknown as { source: EventSource }).source.close());
      await eventually('streams', () => application.hub.open, 0);
    });
  });
}
