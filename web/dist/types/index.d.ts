export { EventSourceElement } from './element.js';
export type { ConnectionState, SseDetail, SseStateDetail, StateReason } from './types.js';
