import { links, type Gap, type SseDetail, type SseStateDetail } from './index.js';

/** Where there is no DOM the class can still be imported, only not be made. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

const shownEvents = 20;
const pace = 500;

/**
 * `<event-source-inspector>`: shows what the streams of this page live from: who holds the connections, how many pages
 * share them, cursors, changes of host, what came twice and was dropped, and the last events that elements received.
 */
export class InspectorElement extends Base {
  #timer: ReturnType<typeof setInterval> | undefined;
  #abort = new AbortController();
  readonly #events: string[][] = [];
  readonly #root: ShadowRoot | undefined;

  constructor() {
    super();
    this.#root = this.attachShadow?.({ mode: 'open' });
  }

  connectedCallback(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    document.addEventListener('sse', ({ detail }: CustomEvent<SseDetail>) => this.#keep(detail.type, detail.lastEventId, detail.data), { signal });
    document.addEventListener('sse:state', ({ detail }: CustomEvent<SseStateDetail>) => this.#keep('(state)', detail.role, `${detail.state}, ${detail.reason}`), { signal });
    document.addEventListener('sse:gap', ({ detail }: CustomEvent<Gap>) => this.#keep('(gap)', detail.from, detail.why), { signal });
    this.#timer = setInterval(() => void this.#show(), pace);
    void this.#show();
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
  }

  #keep(...event: string[]): void {
    this.#events.unshift(event);
    this.#events.length = Math.min(this.#events.length, shownEvents);
  }

  async #show(): Promise<void> {
    if (!this.#root || document.visibilityState !== 'visible') return;
    const parts: Node[] = [style()];
    for (const [share, link] of links) {
      const members = [...link.members];
      const host = link.role === 'none' ? undefined : await Promise.race([link.info(), late()]);
      parts.push(table([`shared by ${share}`], [
        ['role', link.role],
        ['pages of the host', host ? String(host.info.pages) : '–'],
        ['changes of host', String(link.handovers)],
        ['streams of this page', String(members.length)],
        ['repeated, dropped here', String(members.reduce((sum, { repeated }) => sum + repeated, 0))],
      ]));
      if (host) {
        parts.push(table(['connection', 'state', 'streams', 'cursor', 'opened', 'events', 'repeated', 'kept'], host.info.feeds.map((feed) => [
          feed.url + (feed.hub ? ' (hub)' : ''), feed.state, String(feed.subscriptions), feed.cursor, String(feed.opened), String(feed.events), String(feed.repeated), String(feed.kept),
        ])));
      }
    }
    parts.push(table(['event', 'id', 'data'], this.#events.map((cells) => cells.map((text) => (text.length > 80 ? `${text.slice(0, 79)}…` : text)))));
    this.#root.replaceChildren(...parts);
  }
}

function late(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), pace));
}

function table(head: string[], rows: string[][]): HTMLTableElement {
  const made = document.createElement('table');
  for (const [cells, name] of [[head, 'th'] as const, ...rows.map((row) => [row, 'td'] as const)]) {
    const row = made.insertRow();
    for (const text of cells) row.append(Object.assign(document.createElement(name), { textContent: text }));
  }
  return made;
}

function style(): HTMLStyleElement {
  return Object.assign(document.createElement('style'), {
    textContent: ':host{display:block;overflow:auto;font:12px/1.5 ui-monospace,monospace}table{border-collapse:collapse;margin:0 0 .75em}th,td{text-align:left;padding:0 1em 0 0;vertical-align:top;overflow-wrap:anywhere}th{opacity:.7;font-weight:600}',
  });
}

const name = 'event-source-inspector';
if (globalThis.customElements && !customElements.get(name)) customElements.define(name, InspectorElement);
