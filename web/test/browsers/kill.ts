import assert from 'node:assert/strict';
import { pause, type BrowserName } from './driver.js';
import { browserName, tabs, type Kind, type Tabs } from './tabs.js';

interface Fault {
  readonly name: string;
  /** Returns when it is over. */
  readonly strike: (all: Tabs) => Promise<void>;
}

/**
 * What differs between the browsers and is not the component's doing. No fault is left out in any of them.
 *
 * |                             | chromium | firefox           | webkit                                         |
 * |-----------------------------|----------|-------------------|------------------------------------------------|
 * | tabs in sight               | all      | the last opened   | all: the driver's tabs are windows             |
 * | a page that is returned to  | the same | a new one (below) | the same                                       |
 * | told to crash by its driver | yes      | no                | no; so in all of them a signal does it         |
 * | the driver after a crash    | goes on  | goes on           | ends its session; pages go by another way then |
 *
 * Firefox keeps no page in its back/forward cache that holds a Web Lock, or has a stream open, when it is left: the page
 * is loaded anew, and has to get all that comes from there on.
 */
const restores: Readonly<Record<BrowserName, boolean>> = { chromium: true, firefox: false, webkit: true };

/** What happens to the tab that hosts the connection, and to the connection. */
const faults: readonly Fault[] = [
  { name: 'the host tab is closed', strike: async (all) => all.close(await all.hostTab()) },
  { name: 'the process of the host crashes', strike: (all) => all.killHost('SIGABRT') },
  { name: 'the process of the host is killed', strike: (all) => all.killHost('SIGKILL') },
  {
    name: 'the process of the host stands still for a while',
    async strike(all) {
      const pid = await all.hostProcess();
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
      // After the driver had its answer; it may wait for ever for one of a page that is gone.
      await host.evaluate(() => void setTimeout(() => history.back(), 200));
      await pause(1_000);
      assert.ok(await host.waitFor(10_000, () => 'tab' in window), 'the page is there again');
      assert.equal(await host.evaluate(() => window.tab.persisted), restores[browserName], 'the page is the one that left');
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
      await all.connections(kind === 'none' ? all.tabs.length : 1);
      assert.ok(all.hub.maxOpen <= (kind === 'none' ? 4 : 2), `${all.hub.maxOpen} connections at a time`);
      assert.deepEqual((await all.each(() => window.tab.gaps)).flat(), []);
    });
  }
}
