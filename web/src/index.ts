export type { SseDetail } from './dom-types.js';
export { EventSourceElement } from './element.js';
export { links, settings } from './link.js';
export { SharedEventSource, type SharedEventSourceOptions, type SourceEventMap } from './shared.js';
export type { ConnectionState, Gap, Role, Share, SseStateDetail, StateReason } from './types.js';
