// Reads streams as the fetch transport does, and says what it makes of them: a line of JSON with an array of streams comes in,
// and one with an array of readings goes out. conformance/parsers_test.go compares them with those of the Go decoder.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { Parser } from '../../src/parser.js';

interface Stream {
  /** Bytes, in Base64, as they come. */
  readonly chunks: readonly string[] | null;
  readonly lastEventId: string;
  readonly max: number;
}

/** In the order in which they are told: events, comments, reconnection times. */
type Told = readonly ['event', string, string, string] | readonly ['comment', string] | readonly ['retry', string];

function read({ chunks, lastEventId, max }: Stream): { told: Told[]; lastEventId: string; tooLarge: boolean } {
  const told: Told[] = [];
  const parser = new Parser({
    event: ({ type, data, lastEventId }) => told.push(['event', type, data, lastEventId]),
    comment: (text) => told.push(['comment', text]),
    retry: (ms) => told.push(['retry', String(ms)]),
  }, lastEventId, max);
  const decoder = new TextDecoder();
  let tooLarge = false;
  try {
    for (const chunk of chunks ?? []) parser.push(decoder.decode(Buffer.from(chunk, 'base64'), { stream: true }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tooLarge = true;
  }
  return { told, lastEventId: parser.lastEventId, tooLarge };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify((JSON.parse(line) as Stream[]).map(read))}\n`);
}
