import type { Role } from './types.js';
import type { Ask, Tell } from './wire.js';
/** What a carrier tells its link. */
export interface CarrierOwner {
    readonly page: string;
    receive(ids: readonly number[], tell: Tell): void;
    /** The host is gone; a `host` will be told when there is another. */
    lost(): void;
    /** There will be none: another kind of carrier is needed. */
    failed(error: unknown): void;
}
/** The way between a page and its host. */
export interface Carrier {
    readonly role: Role;
    send(ask: Ask): void;
    /** The host does not answer: put another in its place. */
    takeOver(): void;
    /** The page goes. */
    stop(): void;
}
