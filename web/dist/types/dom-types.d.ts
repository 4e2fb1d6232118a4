import type { EventSourceElement } from './element.js';
import type { Gap, SseStateDetail } from './types.js';
/** The detail of the `sse` event: one event of the stream. */
export interface SseDetail {
    /** The event's name; `message` for an unnamed one. */
    readonly type: string;
    readonly data: string;
    /** `data` parsed as JSON, when first read; `undefined` if it is not JSON. */
    readonly json: unknown;
    /** Id of this event, or of the last one before it that had an id. */
    readonly lastEventId: string;
    readonly source: EventSourceElement;
}
declare global {
    interface HTMLElementTagNameMap {
        'event-source': EventSourceElement;
    }
    interface GlobalEventHandlersEventMap {
        sse: CustomEvent<SseDetail>;
        'sse:state': CustomEvent<SseStateDetail>;
        'sse:gap': CustomEvent<Gap>;
    }
}
