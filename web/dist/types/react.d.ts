import { type ConnectionState, type SharedEventSourceOptions } from './index.js';
/** What a component shows of a stream. */
export interface Sse {
    /** The last event, if there was one. */
    readonly event: MessageEvent<string> | undefined;
    readonly state: ConnectionState;
}
/** The last event of a stream and the state of its connection, which lasts as long as the component is mounted. The
 *  events that are wanted are listed in the options; other options count when the address changes. */
export declare function useSse(url: string, options?: SharedEventSourceOptions): Sse;
