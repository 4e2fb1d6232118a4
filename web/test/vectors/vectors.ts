import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cwd } from 'node:process';

/** A case of testdata/vectors.json, whose README describes the fields. */
export interface Vector {
  readonly name: string;
  readonly input?: string;
  readonly input_base64?: string;
  readonly initial_last_event_id?: string;
  readonly events: readonly { readonly id: string; readonly type: string; readonly data: string }[];
  readonly comments?: readonly string[];
  readonly last_event_id: string;
  readonly retry: number | null;
}

export function readVectors(): readonly Vector[] {
  return JSON.parse(readFileSync(join(cwd(), '../testdata/vectors.json'), 'utf8')) as Vector[];
}

/** What the server sends before the connection ends. */
export function bytesOf({ input, input_base64: coded }: Vector): Uint8Array {
  return coded === undefined ? new TextEncoder().encode(input) : Uint8Array.from(Buffer.from(coded, 'base64'));
}

/** Cuts bytes into pieces of these sizes. */
export function* cut(bytes: Uint8Array, size: () => number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const end = start + size();
    yield bytes.subarray(start, end);
    start = end;
  }
}
