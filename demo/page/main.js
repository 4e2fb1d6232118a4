import { Clock } from './clocks.js';
import { Comeback } from './comeback.js';
import { ConnectionPanel } from './connection.js';
import { byId, show } from './dom.js';
import { Items } from './items.js';
import { Ledger } from './ledger.js';
import { EventLog } from './log.js';
import { Ribbon } from './ribbon.js';
import { Stats } from './stats.js';
import { Tabs } from './tabs.js';

/** @import { EventSourceElement, SseDetail, SseStateDetail } from '../../web/dist/types/index.js' */

/** Names this page to the server, so that it can have its own connection cut. */
const page = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const stream = /** @type {EventSourceElement} */ (byId('stream', HTMLElement));
const boxes = [...document.querySelectorAll('input[name=type]')].map((box) => /** @type {HTMLInputElement} */ (box));
/** @type {Map<string, Clock>} */
const clocks = new Map();
for (const node of document.querySelectorAll('[data-clock]')) {
  const html = /** @type {HTMLElement} */ (node);
  clocks.set(html.dataset.clock ?? '', new Clock(html));
}
const ledger = new Ledger();
const comeback = new Comeback();
const ribbon = new Ribbon();
const log = new EventLog();
const items = new Items();
const stats = new Stats(page);
const connection = new ConnectionPanel(stream, page);
/** What was missing when the connection was lost; NaN while nothing is to be told. */
let missingBefore = NaN;

/** @param {SseDetail} detail */
function receive({ type, data, lastEventId, json }) {
  const reading = /** @type {import('./clocks.js').Reading | undefined} */ (type === 'ping' ? undefined : json);
  const late = comeback.event(reading ? Date.parse(reading.iso) : NaN, Date.now());
  const entry = ledger.take(lastEventId, everyType());
  if (entry) {
    ribbon.add(type, entry, late);
    if (entry.kind === 'history') beginHistory();
  }
  ribbon.count(ledger);
  log.add(type, lastEventId, data, late);
  show('cursor', lastEventId);
  if (!late) tellComeback();
  if (reading) clocks.get(type)?.show(reading);
  else items.ping(data);
  if (items.outdated && type === 'message') void items.load();
}

/** @param {SseStateDetail} detail */
function follow(detail) {
  connection.show(detail);
  const { state, reason } = detail;
  if (state === 'open') {
    if (comeback.opened(Date.now())) {
      ribbon.returned();
      log.mark(`back after ${seconds(comeback.gone)}`);
    }
  } else if (reason === 'lost' || reason === 'refused' || reason === 'reconnect' || state === 'closed') {
    comeback.lost(Date.now());
    if (Number.isNaN(missingBefore)) missingBefore = ledger.missing;
    if (reason === 'lost') connection.say('The connection broke. Trying again.');
    if (reason === 'removed') connection.say('The element is gone, and its connection is closed.');
  }
  stats.refresh();
}

/** The hub was started anew: what was missed of what it knew before, nobody can tell. */
function beginHistory() {
  missingBefore = NaN;
  items.forget();
  log.mark('the hub began a new history');
  connection.say('The hub was restarted and began a new history.');
}

/** Sums up the last interruption, once what was missed is there. */
function tellComeback() {
  if (Number.isNaN(missingBefore)) return;
  const lost = ledger.missing - missingBefore;
  missingBefore = NaN;
  const caughtUp = comeback.caughtUp === 1 ? '1 event' : `${comeback.caughtUp} events`;
  // With a type left out there are holes in the ids, and nothing can be shown by them.
  const verdict = everyType() ? `, ${lost === 0 ? 'none' : lost} lost` : '';
  connection.say(`Back after ${seconds(comeback.gone)}: ${caughtUp} caught up${verdict}.`);
}

/** The version of HTTP that the page came over, and its stream does as well. */
function protocol() {
  const [entry] = performance.getEntriesByType('navigation');
  const name = entry instanceof PerformanceNavigationTiming ? entry.nextHopProtocol : '';
  return { 'http/1.1': 'HTTP/1.1', h2: 'HTTP/2', h3: 'HTTP/3' }[name] ?? '–';
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function everyType() {
  return boxes.every((box) => box.checked);
}

function choose() {
  const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
  const before = stream.events;
  stream.events = chosen;
  show('events', chosen.join(' '));
  ledger.choiceChanged();
  for (const box of boxes) {
    if (box.checked !== before.includes(box.value)) clocks.get(box.value)?.choose(box.checked);
  }
  // The pings of the time without them are not told any more.
  if (chosen.includes('ping') && !before.includes('ping')) void items.load();
}

async function start() {
  show('protocol', protocol());
  show('address', new URL('/clocks', location.href).href);
  await customElements.whenDefined('event-source');
  // On the element itself: what happens to it while it is out of the document does not reach the document.
  stream.addEventListener('sse', (event) => receive(event.detail));
  stream.addEventListener('sse:state', (event) => follow(event.detail));
  byId('choice', HTMLFormElement).addEventListener('change', choose);
  // A browser may bring the boxes back as they were before a reload.
  choose();
  // From where the list was made, so that no change falls between the two.
  const cursor = await items.load();
  if (cursor) stream.setAttribute('last-event-id', cursor);
  stream.src = `/clocks?page=${page}`;
  new Tabs();
}

void start();
