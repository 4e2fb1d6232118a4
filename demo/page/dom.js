/**
 * The element with this id, of the class that the caller expects.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const node = document.getElementById(id);
  if (!(node instanceof kind)) throw new Error(`no #${id} in the page`);
  return node;
}

/**
 * The first descendant that matches.
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {Element}
 */
export function within(parent, selector) {
  const node = parent.querySelector(selector);
  if (!node) throw new Error(`no ${selector} in the page`);
  return node;
}

/**
 * Sets the text of the element with this id.
 * @param {string} id
 * @param {string | number} text
 */
export function show(id, text) {
  byId(id, HTMLElement).textContent = String(text);
}

/**
 * A new element.
 * @param {string} name
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(name, className, ...children) {
  const node = document.createElement(name);
  node.className = className;
  node.append(...children);
  return node;
}
