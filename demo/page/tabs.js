import { byId, make, show } from './dom.js';
import { fetchJson } from './fetch.js';
import { Picture } from './picture.js';
import { Presence } from './presence.js';

/** @import { EventSourceElement } from '../../web/dist/types/index.js' */

/** So many tabs are opened at once, and the server is asked so often, in milliseconds. */
const more = 10;
const every = 1000;

/** Names this browser to the server. All its tabs have the same address for the stream, and share it. */
function browserName() {
  const key = 'tidings-demo-browser';
  const fresh = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  try {
    const name = localStorage.getItem(key) ?? fresh;
    localStorage.setItem(key, name);
    return name;
  } catch {
    // Storage may be denied: then this tab is a browser of its own, with those that it opens.
    return fresh;
  }
}

/** Opens further tabs, and shows that the server has one connection for all of them. */
export class Tabs {
  #browser = browserName();
  #stream = /** @type {EventSourceElement} */ (byId('shared', HTMLElement));
  #pill = byId('shared-state', HTMLElement);
  #frames = byId('frames', HTMLElement);
  #close = byId('close-tabs', HTMLButtonElement);
  /** @type {Window[]} */
  #windows = [];
  #presence;
  #picture;

  constructor() {
    this.#presence = new Presence(this.#stream, (report) => this.#picture?.told(report));
    this.#picture = new Picture(this.#presence.tab);
    this.#stream.addEventListener('sse:state', ({ detail: { state } }) => {
      this.#pill.dataset.state = state;
      this.#pill.textContent = state === 'retrying' ? 'reconnecting' : state;
    });
    byId('open-tabs', HTMLButtonElement).addEventListener('click', () => this.#open());
    this.#close.addEventListener('click', () => this.#closeAll());
    this.#stream.src = `/shared?browser=${this.#browser}`;
    void this.#look();
    setInterval(() => document.visibilityState === 'visible' && this.#look(), every);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#look());
  }

  #open() {
    if (!navigator.locks) {
      this.#say('Tabs share a connection only over HTTPS or on localhost: a browser with ten connections would be stuck here.');
      return;
    }
    let framed = 0;
    for (let i = 0; i < more; i++) {
      const url = `/tab?browser=${this.#browser}`;
      const opened = window.open(url);
      if (opened) {
        this.#windows.push(opened);
        continue;
      }
      const frame = make('iframe', '');
      frame.setAttribute('src', url);
      frame.setAttribute('title', 'One more page');
      this.#frames.append(frame);
      framed += 1;
    }
    this.#frames.hidden = this.#frames.childElementCount === 0;
    this.#close.ariaDisabled = 'false';
    const rest = framed === 0 ? '' : ` The browser blocks pop-ups, so ${framed === more ? 'they' : `${framed} of them`} are frames in this page.`;
    this.#say(`Ten more pages are open.${rest}`);
  }

  #closeAll() {
    if (this.#close.ariaDisabled === 'true') return;
    for (const opened of this.#windows) opened.close();
    this.#windows = [];
    this.#frames.replaceChildren();
    this.#frames.hidden = true;
    this.#close.ariaDisabled = 'true';
    this.#say('They are closed.');
    setTimeout(() => this.#look(), every / 2);
  }

  async #look() {
    const [tabs, answer] = await Promise.all([this.#presence.tabs(), fetchJson(`/stats?browser=${this.#browser}`)]);
    const stats = /** @type {{shared: number} | null} */ (answer);
    show('tabs-count', tabs.length);
    show('tabs-word', tabs.length === 1 ? 'tab' : 'tabs');
    show('shared-count', stats?.shared ?? '–');
    show('shared-word', stats?.shared === 1 ? 'connection' : 'connections');
    this.#picture.draw(tabs, stats?.shared);
  }

  /** @param {string} text */
  #say(text) {
    show('tabs-status', text);
  }
}
