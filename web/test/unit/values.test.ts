import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributeText, isSafeAttribute, plainText, valueAt } from '../../src/values.js';

const json = { a: { b: [10, { c: null }] }, '': 1, length: 2 };

for (const { path, want } of [
  { path: 'a.b.0', want: 10 },
  { path: 'a.b.1.c', want: null },
  { path: 'a.b.length', want: 2 },
  { path: 'a.b.2', want: undefined },
  { path: 'a.x.y', want: undefined },
  { path: 'a.b.1.c.d', want: undefined },
  { path: 'a.b.0.toFixed', want: undefined },
  { path: '__proto__', want: undefined },
  { path: 'constructor.name', want: undefined },
  { path: 'a..b', want: undefined },
]) {
  test(`the value at ${path}`, () => assert.deepEqual(valueAt(json, path), want));
}

for (const root of [undefined, null, 'text', 5]) {
  test(`nothing lies in ${String(root)}`, () => assert.equal(valueAt(root, 'length'), undefined));
}

for (const { value, text, attribute } of [
  { value: 'x', text: 'x', attribute: 'x' },
  { value: '', text: '', attribute: '' },
  { value: 0, text: '0', attribute: '0' },
  { value: true, text: 'true', attribute: '' },
  { value: false, text: 'false', attribute: null },
  { value: null, text: '', attribute: null },
  { value: [1, 'a'], text: '[1,"a"]', attribute: '[1,"a"]' },
  { value: { a: 1 }, text: '{"a":1}', attribute: '{"a":1}' },
]) {
  test(`${JSON.stringify(value)} as text and as an attribute`, () => {
    assert.equal(plainText(value), text);
    assert.equal(attributeText(value), attribute);
  });
}

for (const { name, value, safe } of [
  { name: 'datetime', value: '2026-01-01', safe: true },
  { name: 'title', value: 'javascript: a language', safe: true },
  { name: 'href', value: 'https://a.example/', safe: true },
  { name: 'href', value: '/javascript:', safe: true },
  { name: 'src', value: 'pic.png', safe: true },
  { name: 'onclick', value: 'x', safe: false },
  { name: 'ONCLICK', value: 'x', safe: false },
  { name: 'srcdoc', value: 'x', safe: false },
  { name: 'href', value: 'javascript:x', safe: false },
  { name: 'HREF', value: ' \u0001JavaScript:x', safe: false },
  { name: 'formaction', value: 'java\n\tscript:x', safe: false },
  { name: 'xlink:href', value: 'javascript\r:x', safe: false },
]) {
  test(`${name}=${JSON.stringify(value)} is ${safe ? '' : 'not '}safe`, () => assert.equal(isSafeAttribute(name, value), safe));
}
