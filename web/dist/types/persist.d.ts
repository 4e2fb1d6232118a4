/** Where a cursor outlives its page: with the tab, or with the browser's profile. */
export type Persist = 'session' | 'local' | 'none' | null;
/** Keeps a cursor over reloads. Where there is no storage, as in some private windows, it keeps nothing. */
export declare class Keeper {
    #private;
    constructor(persist: Persist | undefined, url: string, cursor: () => string);
    /** '' or nothing if there is none. */
    load(): string | null | undefined;
    changed(): void;
    save(): void;
}
