import { EventSourceElement } from './element.js';

export * from './index.js';

const name = 'event-source';

// Under Node there is no registry, and a page may load this script twice.
if (globalThis.customElements && !customElements.get(name)) customElements.define(name, EventSourceElement);
