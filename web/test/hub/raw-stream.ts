import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { until } from './until.js';

/** A stream as the wire has it. */
export class RawStream {
  readonly #response: IncomingMessage;
  #text = '';

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (this.#text += chunk));
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<RawStream> {
    return new Promise((resolve, reject) => {
      get(url, { headers, agent: false }, (response) => resolve(new RawStream(response))).on('error', reject);
    });
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.#response.headers;
  }

  /** All events, as they are written, once the last one ends so. Comments are left out. */
  async upTo(end: string): Promise<string> {
    const events = (): string => this.#text.replaceAll(/^:.*\n+/gm, '');
    return until(`a stream that ends in ${JSON.stringify(end)}`, events, (text) => text.endsWith(end));
  }

  close(): void {
    this.#response.destroy();
  }
}
