import { byId, make, show } from './dom.js';

/** @import { Report } from './presence.js' */

/** So many tabs are drawn at most. */
const most = 24;

/** Tabs on the left, who holds their connection in the middle, the hub on the right. */
export class Picture {
  #node = byId('picture', HTMLElement);
  #list = byId('picture-tabs', HTMLElement);
  #fan = byId('picture-fan', SVGElement);
  /** @type {Map<string, HTMLElement>} */
  #marks = new Map();
  /** @type {Map<string, Report>} */
  #reports = new Map();
  #own;

  /** @param {string} own the tab that the picture is in */
  constructor(own) {
    this.#own = own;
  }

  /** @param {Report} report */
  told(report) {
    this.#reports.set(report.tab, report);
    const mark = this.#marks.get(report.tab);
    if (!mark) return;
    mark.dataset.state = report.state;
    // One of two animations that are alike: the other one starts anew.
    if (report.beat) mark.dataset.beat = mark.dataset.beat === 'a' ? 'b' : 'a';
    if (report.tab === this.#own) this.#node.dataset.state = report.state;
    if (report.tab === this.#own && report.beat) this.#node.dataset.beat = mark.dataset.beat;
  }

  /** @param {string[]} tabs @param {number | undefined} connections undefined if the server does not say */
  draw(tabs, connections) {
    for (const tab of this.#reports.keys()) if (!tabs.includes(tab)) this.#reports.delete(tab);
    const reports = [...this.#reports.values()];
    const leader = reports.find(({ role }) => role === 'leader')?.tab;
    const host = hostName(reports.map(({ role }) => role), leader === this.#own);
    show('picture-host', host);
    show('picture-wires', connections === undefined ? '–' : `× ${connections}`);
    this.#node.ariaLabel = `${count(tabs.length, 'tab')}, held together by ${host}, with ${count(connections, 'connection')} to the hub`;
    this.#node.classList.toggle('apart', connections === 0);
    const drawn = tabs.slice(0, most);
    if (drawn.join() !== [...this.#marks.keys()].join()) this.#place(drawn);
    show('picture-more', tabs.length > most ? `and ${tabs.length - most} more` : '');
    for (const [tab, mark] of this.#marks) mark.classList.toggle('host', tab === leader);
  }

  /** @param {string[]} tabs */
  #place(tabs) {
    this.#marks = new Map(tabs.map((tab) => [tab, this.#marks.get(tab) ?? this.#mark(tab)]));
    this.#list.replaceChildren(...this.#marks.values());
    this.#fan.replaceChildren(...tabs.map((_, i) => {
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      const y = ((i + 0.5) / tabs.length) * 100;
      path.setAttribute('d', `M0 ${y}C60 ${y} 40 50 100 50`);
      return path;
    }));
  }

  /** @param {string} tab */
  #mark(tab) {
    const mark = make('span', 'mark-tab', tab === this.#own ? 'this tab' : 'tab');
    mark.classList.toggle('own', tab === this.#own);
    mark.dataset.state = this.#reports.get(tab)?.state ?? 'idle';
    return mark;
  }
}

/** @param {string[]} roles @param {boolean} own */
function hostName(roles, own) {
  if (roles.includes('worker')) return 'shared worker';
  if (roles.includes('leader') || roles.includes('follower')) return own ? 'this tab' : 'one of the tabs';
  return roles.includes('direct') ? 'each tab alone' : 'nobody yet';
}

/** @param {number | undefined} number @param {string} what */
function count(number, what) {
  return number === undefined ? `an unknown number of ${what}s` : `${number} ${what}${number === 1 ? '' : 's'}`;
}
