/** Where there is no DOM the class can still be imported, only not be made. */
declare const Base: typeof HTMLElement;
/**
 * `<event-source-inspector>`: shows what the streams of this page live from: who holds the connections, how many pages
 * share them, cursors, changes of host, what came twice and was dropped, and the last events that elements received.
 */
export declare class InspectorElement extends Base {
    #private;
    constructor();
    connectedCallback(): void;
    disconnectedCallback(): void;
}
export {};
