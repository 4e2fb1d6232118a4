import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { createInterface } from 'node:readline';
import { legacyToken } from './tokens.js';
import { until } from './until.js';

/** The preset that public test suites of the protocol expect. */
export const preset: readonly string[] = [
  '--anonymous', '--subscriptions', '--jwt-secret', '!ChangeThisMercureHubJWTSecretKey!',
  '--issuer', 'https://localhost', '--resource', 'https://localhost/.well-known/mercure',
];

const path = '/.well-known/mercure';
const operatorToken = 'this operator is only here for tests';

/** The fields of a publication; several values are several fields. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** A stream as the hub's state shows it. */
export interface Stream {
  readonly matchers: readonly string[];
  readonly signals: boolean;
}

export interface HubOptions {
  /** Beside those of the preset, or in their place with `--dev`. */
  readonly flags?: readonly string[];
  /** In memory, or in a directory that outlives the process. */
  readonly data?: 'memory' | 'disk';
}

/** `tidings serve` as people run it. */
export class Hub {
  readonly #flags: readonly string[];
  readonly #dev: boolean;
  #data = 'memory';
  #addr = '127.0.0.1:0';
  #process: ChildProcess | undefined;
  #state = '';

  private constructor(flags: readonly string[]) {
    this.#dev = flags.includes('--dev');
    this.#flags = this.#dev ? flags : [...preset, '--operator-addr', '127.0.0.1:0', '--operator-token', operatorToken, ...flags];
  }

  static async start({ flags = [], data = 'memory' }: HubOptions = {}): Promise<Hub> {
    const hub = new Hub(flags);
    if (data === 'disk') hub.#data = join(await mkdtemp(join(tmpdir(), 'tidings-hub-')), 'data');
    hub.#addr = await hub.#up(hub.#addr);
    return hub;
  }

  get origin(): string {
    return `http://${this.#addr}`;
  }

  get url(): string {
    return this.origin + path;
  }

  /** Starts it again where it was. */
  async up(): Promise<void> {
    assert.equal(await this.#up(this.#addr), this.#addr);
  }

  /** Ends it: with SIGTERM it says goodbye, and must end well. */
  async down(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const process = this.#process;
    assert.ok(process, 'the hub runs');
    this.#process = undefined;
    process.kill(signal);
    const [code] = (await once(process, 'exit')) as [number | null];
    assert.equal(code, signal === 'SIGTERM' ? 0 : null, 'the exit code of tidings serve');
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    if (this.#process) await this.down();
    if (this.#data !== 'memory') await rm(join(this.#data, '..'), { recursive: true });
  }

  /** Runs the hub that is down at an address that its subscribers do not know, so that they miss what is published. */
  async elsewhere<T>(work: () => Promise<T>): Promise<T> {
    const home = this.#addr;
    this.#addr = await this.#up('127.0.0.1:0');
    try {
      return await work();
    } finally {
      await this.down();
      this.#addr = home;
    }
  }

  /** Publishes, whatever happens to the hub meanwhile, once; returns the id. */
  async publish(fields: Fields): Promise<string> {
    const form = new URLSearchParams();
    for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) form.append(name, value);
    const headers = { Authorization: `Bearer ${legacyToken({ publish: ['*'] })}`, 'Idempotency-Key': randomUUID() };
    const attempt = async (): Promise<string | number> => {
      try {
        const answer = await fetch(this.url, { method: 'POST', headers, body: form, signal: AbortSignal.timeout(5_000) });
        const text = await answer.text();
        if (answer.status === 200) return text;
        assert.equal(answer.status, 503, text);
        return answer.status;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return 0; // It is down, or went down before it answered.
      }
    };
    return String(await until('an update to be taken', attempt, (id) => typeof id === 'string'));
  }

  /** The streams that are open. */
  async streams(): Promise<Stream[]> {
    const answer = await fetch(this.#state, { headers: { Authorization: `Bearer ${operatorToken}` } });
    assert.equal(answer.status, 200, this.#state);
    const { fanout } = (await answer.json()) as { fanout: { shards: { subscribers: Stream[] }[] } };
    return fanout.shards.flatMap(({ subscribers }) => subscribers);
  }

  /** Waits until so many streams are open, and returns them. */
  opened(count: number): Promise<Stream[]> {
    return until(`${count} streams`, () => this.streams(), ({ length }) => length === count);
  }

  /** Returns where it listens. */
  async #up(addr: string): Promise<string> {
    const args = ['serve', '--addr', addr, '--data', this.#data, '--heartbeat', '1s', '--return-spread', '200ms', ...this.#flags];
    const child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let operators = '';
    let host = '';
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/\S+/.exec(line)?.[0];
      if (url && line.startsWith('Operators')) operators = url;
      else if (url) host = new URL(url).host;
      if (host) break;
    }
    assert.ok(host, 'tidings serve ended without saying where it listens');
    this.#state = this.#dev ? `http://${host}/debug/state` : `${operators}state`;
    return host;
  }
}

function binary(): string {
  return env['TIDINGS_BINARY'] ?? assert.fail('TIDINGS_BINARY does not say which program to test');
}
