import type { EventSourceElement } from './element.js';
import type { SseDetail } from './dom-types.js';
import type { StreamEvent } from './upstream.js';

/** The detail of an `sse` event. */
export class EventDetail implements SseDetail {
  declare readonly type: string;
  declare readonly data: string;
  declare readonly lastEventId: string;
  declare readonly source: EventSourceElement;
  #json: unknown;

  constructor({ type, data, lastEventId }: StreamEvent, source: EventSourceElement) {
    Object.assign(this, { type, data, lastEventId, source });
  }

  get json(): unknown {
    try {
      return (this.#json ??= JSON.parse(this.data));
    } catch {
      return undefined;
    }
  }
}
