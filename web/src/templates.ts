import type { SseDetail } from './dom-types.js';

/** Copies that a template keeps, unless it says how many. */
const most = 100;

/** The nodes of each copy of a template, the oldest first. */
const copies = new WeakMap<HTMLTemplateElement, ChildNode[][]>();

/**
 * Puts a copy of a template's content beside it for each event: behind the others, or before them with
 * `data-sse-insert="prepend"`. Beyond `data-sse-limit` the oldest go. In a copy, what has `data-sse`, `data-sse-path`,
 * `data-sse-attr` or `data-sse-prop` is written once, with the event that the copy was made for.
 */
export function stamp(template: HTMLTemplateElement, details: readonly SseDetail[], bind: (node: Element, detail: SseDetail) => void): void {
  const limit = Number(template.dataset['sseLimit']) || most;
  const prepend = template.dataset['sseInsert'] === 'prepend';
  // Some may have been taken away by the page, in part or elsewhere.
  const made = (copies.get(template) ?? [])
    .map((nodes) => nodes.filter(({ parentNode }) => parentNode === template.parentNode))
    .filter((nodes) => nodes.length);
  copies.set(template, made);
  for (const detail of details.slice(-limit)) {
    const copy = document.importNode(template.content, true);
    for (const node of copy.querySelectorAll('[data-sse],[data-sse-path]')) {
      bind(node, detail);
      // It is not to be written again with what comes later.
      node.removeAttribute('data-sse');
    }
    const nodes = [...copy.childNodes];
    ((!prepend && made.at(-1)?.at(-1)) || template).after(copy);
    made.push(nodes);
    if (made.length > limit) for (const node of made.shift() as ChildNode[]) node.remove();
  }
}
