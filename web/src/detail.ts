import type { EventSourceElement } from './element.js';
import type { SseDetail } from './dom-types.js';
import type { StreamEvent } from './upstream.js';

/** The detail of an `sse` event. */
export class EventDetail implements SseDetail {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
  readonly source: EventSourceElement;
  #json: unknown;

  constructor({ type, data, lastEventId }: StreamEvent, source: EventSourceElement) {
    this.type = type;
    this.data = data;
    this.lastEventId = lastEventId;
    this.source = source;
  }

  get json(): unknown {
    try {
      return (this.#json ??= JSON.parse(this.data));
    } catch {
      return undefined;
    }
  }
}
