import type { CarrierOwner } from './carrier.js';
import type { Role, Share } from './types.js';
import type { Ask, Mark, Tell, Wanted } from './wire.js';
/** A page's share of a stream. */
export interface Member {
    readonly wanted: Wanted;
    mark: Mark;
    /** The feed that serves it, once it has had all up to its mark; 0 before. */
    feed: number;
    /** Events that came again, and were not handed on. */
    readonly repeated: number;
    receive(tell: Tell): void;
    /** The page leaves for the back/forward cache, or comes back from there. */
    hide(): void;
    restore(): void;
    /** The host is gone. */
    moved(): void;
}
/** Where the worker's script is. A page, or a bundler's output, may have it elsewhere. */
export declare const settings: {
    worker?: string | URL | undefined;
};
/** A page's way to its host, one for each manner of sharing: `none`, `leader`, `worker`. */
export declare class Link implements CarrierOwner {
    #private;
    readonly page: string;
    /** The page is in the back/forward cache. */
    away: boolean;
    /** How often the host has changed. */
    handovers: number;
    constructor(kind: Share);
    get role(): Role;
    get members(): Iterable<Member>;
    /** To the host, if it is there: a new one is told what is wanted. `start` does not sit out a wait for it. */
    send(ask: Ask, start?: boolean): void;
    add(member: Member): void;
    remove(member: Member, linger: number): void;
    /** What the host says of itself. */
    info(): Promise<Tell & {
        k: 'info';
    }>;
    receive(ids: readonly number[], tell: Tell): void;
    lost(): void;
    failed(error: unknown): void;
}
/** The links of this page, by their manner of sharing; for those who look inside. */
export declare const links: ReadonlyMap<Share, Link>;
/** The page's link for a manner of sharing. */
export declare function linkFor(share: Share): Link;
