import { byId, show } from './dom.js';
import { Presence } from './presence.js';

/** @import { EventSourceElement } from '../../web/dist/types/index.js' */

/** Who holds the connection, for people. */
const holders = { none: 'nobody yet', worker: 'a shared worker', leader: 'this tab, for all', follower: 'another tab', direct: 'this tab alone' };

await customElements.whenDefined('event-source');
const stream = /** @type {EventSourceElement} */ (byId('shared', HTMLElement));
new Presence(stream);
stream.addEventListener('sse:state', ({ detail: { role } }) => show('role', holders[role]));
const browser = new URLSearchParams(location.search).get('browser') ?? '';
stream.src = `/shared?browser=${encodeURIComponent(browser)}`;
