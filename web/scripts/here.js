// Put into the bundle for script tags, which knows its own address only while it is first run. Without one of its own,
// its files are looked for beside the page.
export const here = globalThis.document?.currentScript?.src || globalThis.document?.baseURI;
