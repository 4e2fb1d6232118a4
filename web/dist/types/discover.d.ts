/** Where updates of a resource come from. */
export interface Discovered {
    /** The address of a stream of them, for SharedEventSource or the attribute `src`. */
    readonly url: string;
    /** The hub's address, without a topic. */
    readonly hub: string;
    /** The topic of the resource: its own word for it, or else its address. */
    readonly topic: string;
    /** The id after which updates are not in the resource yet; '' if the server does not say. */
    readonly lastEventId: string;
}
/** What an answer's `Link` headers say of its updates; undefined if they name no hub. */
export declare function discover({ headers, url: address }: Pick<Response, 'headers' | 'url'>): Discovered | undefined;
