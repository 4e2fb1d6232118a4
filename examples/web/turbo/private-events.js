import { EventSourceElement } from 'tidings';

/** As event-source, with a token: asked for before each connection, and again when the hub says that it is about to end. */
class PrivateEvents extends EventSourceElement {
  constructor() {
    super();
    this.headers = async () => {
      const response = await fetch('/token', { method: 'POST' });
      return { Authorization: `Bearer ${await response.text()}` };
    };
  }
}

if (!customElements.get('private-events')) customElements.define('private-events', PrivateEvents);
