import { wordsOf } from './events.js';
import { oncePerFrame } from './frame.js';
import { stamp } from './templates.js';
import { attributeText, isSafeAttribute, plainText, valueAt } from './values.js';
import type { SseDetail } from './dom-types.js';
import type { ConnectionState } from './types.js';

/** Events of a type that are kept for templates until they are written: more would only be taken away again. */
const most = 1_000;

/**
 * Writes events into the descendants of an element that ask for them in their markup:
 *  - `data-sse="name"`: takes the event's data as text. Several names: whichever came last;
 *  - `data-sse-attr="datetime"`: into that attribute instead; `data-sse-prop="value"`: into that property;
 *  - `data-sse-path="a.b.0"`: not the data itself but what lies there in it, as JSON;
 *  - `data-sse-html`: as markup. Only for servers that are trusted as the page itself is;
 *  - `<template data-sse-for="name">`: a copy of its content for each event;
 *  - `data-sse-state="retrying"`: hidden except in this state, or these.
 *
 * Writing waits for the next animation frame, and of several events of a type the last one is written; templates get
 * all. What is written is text, or an attribute or property that cannot run script: never markup, unless asked for.
 * Descendants are looked up at each writing, so those that were added later count, and what lies in an inner element of
 * the same kind is left to that one.
 */
export class Bindings {
  readonly #host: HTMLElement;
  /** Asks for a new look at the descendants. */
  readonly refresh: () => void = oncePerFrame(() => this.#write());
  readonly #pending = new Map<string, SseDetail[]>();
  #state: ConnectionState = 'idle';

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  event(detail: SseDetail): void {
    // The latest goes last, also in the order of the map, for those that are bound to several types.
    const details = this.#pending.get(detail.type) ?? [];
    this.#pending.delete(detail.type);
    this.#pending.set(detail.type, details);
    details.push(detail);
    if (details.length > most) details.shift();
    this.refresh();
  }

  state(state: ConnectionState): void {
    this.#state = state;
    this.refresh();
  }

  #write(): void {
    for (const node of this.#own('[data-sse-state]')) {
      node.toggleAttribute('hidden', !wordsOf(node.getAttribute('data-sse-state')).includes(this.#state));
    }
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [type, details] of pending) {
      const name = CSS.escape(type);
      for (const node of this.#own(`[data-sse~="${name}"]`)) bind(node, details.at(-1) as SseDetail);
      for (const node of this.#own(`template[data-sse-for~="${name}"]`)) stamp(node as HTMLTemplateElement, details, bind);
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
  try {
    const path = node.getAttribute('data-sse-path');
    const value = path ? valueAt(detail.json, path) : detail.data;
    // No JSON, or nothing there: what was written last stands.
    if (value === undefined) return;
    const attribute = node.getAttribute('data-sse-attr');
    const property = node.getAttribute('data-sse-prop');
    if (property) {
      // A property may make another text of a value than JSON: of a list that of its only entry.
      if (isSafeAttribute(property, `${value}`)) Object.assign(node, { [property]: value });
    } else if (attribute) {
      const text = attributeText(value);
      if (text === null) node.removeAttribute(attribute);
      else if (isSafeAttribute(attribute, text)) node.setAttribute(attribute, text);
    } else if (node.hasAttribute('data-sse-html')) {
      // Where the page demands trusted types, its own default policy judges this.
      node.innerHTML = plainText(value);
    } else {
      node.textContent = plainText(value);
    }
  } catch (error) {
    // What one node refuses keeps nothing from the others.
    reportError(error);
  }
}
