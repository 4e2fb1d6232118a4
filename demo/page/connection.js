import { byId, show } from './dom.js';

/** @import { EventSourceElement, SseStateDetail } from '../../web/dist/types/index.js' */

/** Names of states for people. */
const names = { idle: 'idle', connecting: 'connecting', open: 'open', retrying: 'reconnecting', closed: 'closed' };

/** Shows what the element says of its connection, and works the buttons. */
export class ConnectionPanel {
  #stream;
  #page;
  #pill = byId('state', HTMLElement);
  #place = byId('place', HTMLElement);
  #cuts = [byId('cut', HTMLButtonElement), byId('cut-long', HTMLButtonElement)];
  #reconnect = byId('reconnect', HTMLButtonElement);
  #element = byId('element', HTMLButtonElement);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;

  /** @param {EventSourceElement} stream @param {string} page */
  constructor(stream, page) {
    this.#stream = stream;
    this.#page = page;
    onPress(byId('cut', HTMLButtonElement), () => this.#cut(''));
    onPress(byId('cut-long', HTMLButtonElement), () => this.#cut('&hold=5s'));
    onPress(this.#reconnect, () => stream.reconnect());
    onPress(this.#element, () => this.#move());
    this.#enable(false);
  }

  /** @param {SseStateDetail} detail */
  show({ state, attempt, nextRetryMs }) {
    this.#pill.dataset.state = state;
    this.#pill.textContent = names[state];
    // While the stream is open the element still remembers them, for the next wait.
    show('attempt', state === 'retrying' ? attempt : 0);
    clearInterval(this.#countdown);
    if (nextRetryMs) this.#count(performance.now() + nextRetryMs);
    else show('retry', nextRetryMs === 0 ? 'under way' : 'none planned');
    this.#enable(state === 'open');
  }

  /**
   * Says what has happened, aloud as well where a screen reader is used.
   * @param {string} text
   */
  say(text) {
    show('status', text);
  }

  /** Counts down to the next attempt. @param {number} end */
  #count(end) {
    const tick = () => show('retry', `in ${(Math.max(0, end - performance.now()) / 1000).toFixed(1)} s`);
    tick();
    this.#countdown = setInterval(tick, 100);
  }

  /** Has the server cut the connection. @param {string} more */
  async #cut(more) {
    try {
      const response = await fetch(`/cut?page=${this.#page}${more}`, { method: 'POST' });
      if (!response.ok) this.say(`The server did not cut: ${(await response.json()).detail}.`);
    } catch {
      this.say('The server cannot be reached.');
    }
  }

  /** Takes the element out of the document, or puts it back. */
  #move() {
    if (this.#stream.isConnected) this.#stream.remove();
    else this.#place.prepend(this.#stream);
    this.#element.textContent = this.#stream.isConnected ? 'Remove the element' : 'Put the element back';
    off(this.#reconnect, !this.#stream.isConnected);
  }

  /** @param {boolean} open */
  #enable(open) {
    for (const button of this.#cuts) off(button, !open);
  }
}

/** @param {HTMLButtonElement} button @param {() => void} action */
function onPress(button, action) {
  button.addEventListener('click', () => {
    if (button.ariaDisabled !== 'true') action();
  });
}

/** A button that is disabled loses the keyboard's focus: these only say that they are. */
/** @param {HTMLButtonElement} button @param {boolean} disabled */
function off(button, disabled) {
  button.ariaDisabled = String(disabled);
}
