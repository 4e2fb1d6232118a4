import assert from 'node:assert/strict';
import { pause, tabs, type Kind, type Tabs } from './tabs.js';

interface Fault {
  readonly name: string;
  /** Returns when it is over. */
  readonly strike: (all: Tabs) => Promise<void>;
}

/** What happens to the tab that hosts the connection, and to the connection. */
const faults: readonly Fault[] = [
  {
    name: 'the host tab is closed',
    async strike(all) {
      const host = await all.hostTab();
      all.forget(host);
      await host.close();
    },
  },
  {
    name: 'the renderer of the host crashes',
    async strike(all) {
      const host = await all.hostTab();
      all.forget(host);
      const crashed = host.waitForEvent('crash');
      void host.goto('chrome://crash').catch(() => {});
      await crashed;
    },
  },
  {
    name: 'the process of the host is killed',
    async strike(all) {
      const host = await all.hostTab();
      all.forget(host);
      const pid = await all.pid(host);
      const crashed = host.waitForEvent('crash');
      all.signal(pid, 'SIGKILL');
      await crashed;
    },
  },
  {
    name: 'the process of the host stands still for a while',
    async strike(all) {
      const pid = await all.pid(await all.hostTab());
      all.signal(pid, 'SIGSTOP');
      await pause(11_000);
      all.signal(pid, 'SIGCONT');
      await pause(1_000);
    },
  },
  {
    name: 'the host tab is busy for three seconds',
    async strike(all) {
      const host = await all.hostTab();
      await host.evaluate(() => {
        for (const end = Date.now() + 3_000; Date.now() < end; );
      });
    },
  },
  {
    name: 'the host tab goes away and comes back',
    async strike(all) {
      const host = await all.hostTab();
      await host.goto(`${all.hub.origin}/elsewhere`);
      await pause(1_000);
      await host.goBack({ waitUntil: 'commit' });
      await host.waitForFunction(() => window.tab.persisted, undefined, { timeout: 10_000 });
    },
  },
  {
    name: 'the host tab navigates away',
    async strike(all) {
      const host = await all.hostTab();
      all.forget(host);
      await host.goto(`${all.hub.origin}/elsewhere`);
    },
  },
  {
    name: 'the connections are cut',
    async strike(all) {
      assert.ok((await all.hub.cut()) > 0, 'there was something to cut');
    },
  },
  {
    name: 'the server is down for five seconds',
    async strike(all) {
      await all.hub.down();
      await pause(5_000);
      await all.hub.up();
    },
  },
  {
    name: 'the server answers 503 for a while',
    async strike(all) {
      all.hub.status = 503;
      const before = all.hub.requests.length;
      await all.hub.cut();
      await pause(2_000);
      assert.ok(all.hub.requests.length > before, 'a connection was refused');
      all.hub.status = 0;
    },
  },
  {
    name: 'the heads of answers are slow',
    async strike(all) {
      all.hub.headDelay = 1_500;
      await all.hub.cut();
      await pause(2_000);
    },
  },
];

/** Each fault with four tabs and a stream of events: afterwards every tab has had every event, once. */
export function killMatrix(kind: Kind): void {
  for (const { name, strike } of faults) {
    tabs(name, kind, async (all) => {
      await all.openMany(4);
      assert.equal(all.hub.open, kind === 'none' ? 4 : 1);
      all.hub.maxOpen = 0;
      all.stream();
      await pause(300);
      await strike(all);
      await pause(300);
      await all.settle();
      await all.connections(kind === 'none' ? all.pages.length : 1);
      assert.ok(all.hub.maxOpen <= (kind === 'none' ? 4 : 2), `${all.hub.maxOpen} connections at a time`);
      for (const page of all.pages) assert.deepEqual(await page.evaluate(() => window.tab.gaps), []);
    });
  }
}
