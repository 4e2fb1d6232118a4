/** The browsers that the scenarios run in. */
export type BrowserName = 'chromium' | 'firefox' | 'webkit';

export interface Browser {
  session(): Promise<Session>;
  close(): Promise<void>;
}

/** Tabs that share workers, locks and channels with each other, and with nothing else. */
export interface Session {
  readonly version: string;
  /** The process of which all of the browser's descend. */
  readonly pid: number;
  /** How the kernel names the threads that run shared workers. */
  readonly workerThread: string;
  open(url: string): Promise<Tab>;
  /** What has to be done before a tab's process is ended from outside. */
  brace?(): Promise<void>;
  /** Closes what tabs are left. */
  close(): Promise<void>;
}

export abstract class Tab {
  abstract goto(url: string): Promise<void>;
  abstract close(): Promise<void>;
  /** Evaluates an expression in the page, waits for it if it is a promise, and returns what can be written as JSON. */
  protected abstract run(expression: string): Promise<unknown>;

  /** Calls a function in the page. It sees nothing of what is around it here. */
  async evaluate<T, A extends unknown[]>(work: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    return (await this.run(`(${work})(...${JSON.stringify(args)})`)) as Awaited<T>;
  }

  /** Calls a function in the page again and again until it says yes; reports whether it did. Pages may come and go
   *  meanwhile. */
  async waitFor<A extends unknown[]>(patience: number, work: (...args: A) => boolean, ...args: A): Promise<boolean> {
    for (const end = Date.now() + patience; Date.now() < end; await pause(50)) {
      if (await this.evaluate(work, ...args).catch(() => false)) return true;
    }
    return false;
  }

  /** Whether the page is still there: a browser may show another in the place of one that crashed. */
  isThere(): Promise<boolean> {
    return Promise.race([this.evaluate(() => 'tab' in window).catch(() => false), pause(3_000).then(() => false)]);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
