import { FrameTask } from './frame.js';
import { attributeText, isSafeAttribute, plainText, valueAt } from './values.js';
import type { ConnectionState, SseDetail } from './types.js';

/**
 * Writes events into the descendants of an element that ask for them in their markup:
 *  - `data-sse="name"`: takes the event's data as text. Several names: whichever came last;
 *  - `data-sse-attr="datetime"`: into that attribute instead;
 *  - `data-sse-path="a.b.0"`: not the data itself but what lies there in it, as JSON;
 *  - `data-sse-state="retrying"`: hidden except in this state, or these.
 *
 * Writing waits for the next animation frame, and of several events of a type the last one is written. What is
 * written is text, or an attribute that cannot run script: never markup. Descendants are looked up at each writing,
 * so those that were added later count, and what lies in an inner element of the same kind is left to that one.
 */
export class Bindings {
  readonly #host: HTMLElement;
  readonly #frame: FrameTask = new FrameTask(() => this.#write());
  readonly #pending = new Map<string, SseDetail>();
  #state: ConnectionState = 'idle';

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  event(detail: SseDetail): void {
    // The latest goes last, also in the order of the map, for those that are bound to several types.
    this.#pending.delete(detail.type);
    this.#pending.set(detail.type, detail);
    this.#frame.schedule();
  }

  state(state: ConnectionState): void {
    this.#state = state;
    this.refresh();
  }

  /** Asks for a new look at the descendants. */
  refresh(): void {
    this.#frame.schedule();
  }

  #write(): void {
    for (const node of this.#own('[data-sse-state]')) {
      node.toggleAttribute('hidden', !words(node, 'data-sse-state').includes(this.#state));
    }
    const details = [...this.#pending.values()];
    this.#pending.clear();
    for (const detail of details) {
      for (const node of this.#own(`[data-sse~="${CSS.escape(detail.type)}"]`)) bind(node, detail);
    }
  }

  *#own(selector: string): Generator<Element> {
    for (const node of this.#host.querySelectorAll(selector)) {
      if (node.parentElement?.closest(this.#host.localName) === this.#host) yield node;
    }
  }
}

function bind(node: Element, detail: SseDetail): void {
  // An empty script runs the first text, or address, that it is given.
  if (node.localName === 'script') return;
  const path = node.getAttribute('data-sse-path');
  const value = path ? valueAt(detail.json, path) : detail.data;
  // No JSON, or nothing there: what was written last stands.
  if (value === undefined) return;
  const attribute = node.getAttribute('data-sse-attr');
  if (!attribute) {
    node.textContent = plainText(value);
    return;
  }
  const text = attributeText(value);
  if (text === null) {
    node.removeAttribute(attribute);
  } else if (isSafeAttribute(attribute, text)) {
    node.setAttribute(attribute, text);
  }
}

function words(node: Element, attribute: string): string[] {
  return (node.getAttribute(attribute) ?? '').split(/\s+/);
}
