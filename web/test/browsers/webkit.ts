import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { env } from 'node:process';
import type { Readable } from 'node:stream';
import { pause, Tab, type Browser, type Session } from './driver.js';
import { endAll } from './processes.js';
import { SideDoor } from './side-door.js';

const executable: string = env['WEBKIT_DRIVER'] ?? '/usr/bin/WebKitWebDriver';

/** A session of W3C WebDriver. Its commands are meant for the window that was chosen last, so they take turns. */
class WebDriver {
  version = '';
  readonly #origin: string;
  #path = '';
  /** The window that is there from the beginning; the session ends with the last one. */
  #first = '';
  #turn: Promise<unknown> = Promise.resolve();

  constructor(origin: string) {
    this.#origin = origin;
  }

  async begin(): Promise<void> {
    for (const end = Date.now() + 10_000; !(await fetch(`${this.#origin}/status`).catch(() => false)); await pause(20)) {
      if (Date.now() > end) throw new Error('WebKitWebDriver does not answer');
    }
    const { sessionId, capabilities } = await this.#call<{ sessionId: string; capabilities: { browserVersion: string } }>('POST', '/session', { capabilities: {} });
    this.version = capabilities.browserVersion;
    this.#path = `/session/${sessionId}`;
    this.#first = await this.#call('GET', '/window');
  }

  async openWindow(): Promise<string> {
    const { handle } = await this.command<{ handle: string }>(this.#first, 'POST', '/window/new', { type: 'window' });
    return handle;
  }

  /** Gives a command to a window. */
  command<T>(window: string, method: string, path: string, body?: unknown): Promise<T> {
    const result = this.#turn.then(async () => {
      await this.#call('POST', '/window', { handle: window });
      return this.#call<T>(method, path, body);
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.#origin + this.#path + path, { method, signal: AbortSignal.timeout(30_000), ...(body !== undefined && { body: JSON.stringify(body) }) });
    const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error} ${value.message}`);
    return value;
  }
}

class WebKitTab extends Tab {
  readonly #driver: WebDriver;
  readonly #window: string;
  readonly #onClose: () => void;
  #door: SideDoor | undefined;

  constructor(driver: WebDriver, window: string, onClose: () => void) {
    super();
    this.#driver = driver;
    this.#window = window;
    this.#onClose = onClose;
  }

  goto(url: string): Promise<void> {
    return this.#driver.command(this.#window, 'POST', '/url', { url });
  }

  close(): Promise<void> {
    this.#onClose();
    return this.#driver.command(this.#window, 'DELETE', '/window');
  }

  /** From now on the page is reached by another way. */
  async leaveDriver(door: SideDoor): Promise<void> {
    await this.run(door.opener(this.#window));
    this.#door = door;
  }

  protected run(expression: string): Promise<unknown> {
    if (this.#door) return this.#door.run(this.#window, expression);
    return this.#driver.command(this.#window, 'POST', '/execute/sync', { script: `return ${expression}`, args: [] });
  }
}

/** Has a driver and a browser of its own: a driver that lost one session begins no other. */
class WebKitSession implements Session {
  readonly workerThread = 'e: SharedWorker';
  readonly #process: ChildProcess;
  readonly #driver: WebDriver;
  readonly #tabs = new Set<WebKitTab>();
  #door: SideDoor | undefined;

  constructor(process: ChildProcess, driver: WebDriver) {
    this.#process = process;
    this.#driver = driver;
  }

  static async start(display: string): Promise<WebKitSession> {
    const port = await freePort();
    const process = spawn(executable, [`--port=${port}`], {
      stdio: 'ignore',
      // Without its sandbox, which root cannot have.
      env: { ...env, DISPLAY: display, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', NO_AT_BRIDGE: '1' },
    });
    const driver = new WebDriver(`http://127.0.0.1:${port}`);
    try {
      await driver.begin();
    } catch (error) {
      endAll(process.pid ?? NaN);
      throw error;
    }
    return new WebKitSession(process, driver);
  }

  get version(): string {
    return `WebKitGTK ${this.#driver.version}`;
  }

  get pid(): number {
    return this.#process.pid ?? NaN;
  }

  async open(url: string): Promise<Tab> {
    const tab = new WebKitTab(this.#driver, await this.#driver.openWindow(), () => this.#tabs.delete(tab));
    this.#tabs.add(tab);
    await tab.goto(url);
    return tab;
  }

  /** The driver ends its session when one page crashes, though the browser and its other pages live on. */
  async brace(): Promise<void> {
    const door = (this.#door = await SideDoor.start());
    for (const tab of this.#tabs) await tab.leaveDriver(door);
  }

  async close(): Promise<void> {
    this.#door?.close();
    const exited = once(this.#process, 'exit');
    endAll(this.pid);
    await exited;
  }
}

/** WebKitGTK's own small browser through its WebDriver, on a display without a screen. Each tab has a window: all are in
 *  sight. */
export async function launch(): Promise<Browser> {
  const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [number] = await once(xvfb.stdio[3] as Readable, 'data');
  return {
    session: () => WebKitSession.start(`:${String(number).trim()}`),
    async close() {
      xvfb.kill();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
