import { randomUUID } from 'node:crypto';
import { pause, until } from './until.js';

/** Publishes to three topics until told to stop: with an id that is used again, with ids of its own, with the hub's. */
export class Publisher {
  readonly sent: Record<string, string[]> = { a: [], b: [], c: [] };
  readonly ids: Record<string, string[]> = { a: [], b: [], c: [] };
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(publish: (fields: Record<string, string>) => Promise<string>) {
    const run = async (topic: string, more: (n: number) => Record<string, string>): Promise<void> => {
      for (let n = 1; this.#running; n++) {
        const data = `${topic} ${n}`;
        const id = await publish({ topic, data, ...more(n) });
        this.sent[topic]?.push(data);
        this.ids[topic]?.push(id);
        await pause(10);
      }
    };
    this.#done = Promise.all([
      run('a', () => ({ id: 'urn:example:same' })),
      run('b', (n) => ({ id: randomUUID(), ...(n % 2 === 0 && { type: 'note' }) })),
      run('c', () => ({})),
    ]);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** Waits until so many more updates were taken on every topic. */
  async more(count: number): Promise<void> {
    const counts = (): number[] => Object.values(this.sent).map(({ length }) => length);
    const before = counts();
    await until(`${count} more updates`, counts, (now) => now.every((length, i) => length >= (before[i] ?? 0) + count));
  }
}
