import { EventSourceElement } from '/tidings.js';

/** As event-source, with one more input: the attribute `token`. The hub gets what it says at the time. */
class TokenEvents extends EventSourceElement {
  constructor() {
    super();
    this.headers = () => ({ Authorization: `Bearer ${this.getAttribute('token') ?? ''}` });
  }
}

if (!customElements.get('token-events')) customElements.define('token-events', TokenEvents);
