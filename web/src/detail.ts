import type { EventSourceElement } from './element.js';
import type { SseDetail } from './types.js';
import type { StreamEvent } from './upstream.js';

/** The detail of an `sse` event. */
export class EventDetail implements SseDetail {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
  readonly source: EventSourceElement;
  #parsed = false;
  #json: unknown;

  constructor(event: StreamEvent, source: EventSourceElement) {
    this.type = event.type;
    this.data = event.data;
    this.lastEventId = event.lastEventId;
    this.source = source;
  }

  get json(): unknown {
    if (!this.#parsed) {
      this.#parsed = true;
      try {
        this.#json = JSON.parse(this.data);
      } catch {
        // Not JSON: stays undefined.
      }
    }
    return this.#json;
  }
}
