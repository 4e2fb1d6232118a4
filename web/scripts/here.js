// Put into the bundle for script tags, which knows its own address only while it is first run.
export const here = globalThis.document?.currentScript?.src;
