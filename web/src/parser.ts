/** What a stream brings. */
export interface ParserSink {
  event(event: { readonly type: string; readonly data: string; readonly lastEventId: string }): void;
  /** A valid `retry` line, in milliseconds. */
  retry(ms: number): void;
  /** The last event ID has changed, by a block without data. */
  id?(lastEventId: string): void;
  /** The text of a comment line. */
  comment?(text: string): void;
}

/** The longest time that a timer can hold. */
const longest = 2 ** 31 - 1;

/**
 * Reads `text/event-stream` as the WHATWG HTML standard says (§9.2.6), from text that was cut anywhere. A line that ends
 * in CR is whole: the LF that may follow is skipped when it comes, not waited for. Each character is looked at once,
 * however finely the text is chopped.
 *
 * `push` throws a RangeError when a line, or the data of an event, is longer than `max` UTF-16 units: memory stays
 * bounded. What has no blank line behind it when the stream ends is never told.
 */
export class Parser {
  /** The last event ID string: the one to reconnect with. */
  lastEventId: string;
  readonly #sink: ParserSink;
  readonly #max: number;
  #rest = '';
  #skipLF = false;
  #id: string;
  #type = '';
  #data = '';

  constructor(sink: ParserSink, lastEventId = '', max: number = 2 ** 24) {
    this.#sink = sink;
    this.#max = max;
    this.#id = this.lastEventId = lastEventId;
  }

  /** Takes text that was decoded as UTF-8 without its byte order mark, as by TextDecoder. */
  push(text: string): void {
    if (text === '') return;
    let start = this.#skipLF && text[0] === '\n' ? 1 : 0;
    this.#skipLF = false;
    const ends = /\r\n?|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
      const line = this.#rest + text.slice(start, end.index);
      this.#bound(line);
      this.#rest = '';
      start = ends.lastIndex;
      this.#skipLF = end[0] === '\r' && start === text.length;
      this.#line(line);
    }
    this.#rest += text.slice(start);
    this.#bound(this.#rest);
  }

  #bound(text: string): void {
    if (text.length > this.#max) throw new RangeError(`more than ${this.#max} characters`);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.#data += value;
      this.#bound(this.#data);
      this.#data += '\n';
    } else if (name === 'event') {
      this.#type = value;
    } else if (name === 'id') {
      if (!value.includes('\0')) this.#id = value;
    } else if (name === 'retry') {
      if (/^\d+$/.test(value)) this.#sink.retry(Math.min(Number(value), longest));
    } else if (name === '') {
      this.#sink.comment?.(value);
    }
  }

  #dispatch(): void {
    const before = this.lastEventId;
    const lastEventId = (this.lastEventId = this.#id);
    const type = this.#type || 'message';
    const data = this.#data;
    this.#type = this.#data = '';
    if (data !== '') this.#sink.event({ type, data: data.slice(0, -1), lastEventId });
    else if (lastEventId !== before) this.#sink.id?.(lastEventId);
  }
}
