import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypes, wordsOf, isReserved } from '../../src/events.js';

for (const { attribute, words, types } of [
  { attribute: null, words: [], types: ['message'] },
  { attribute: '', words: [], types: ['message'] },
  { attribute: ' \n\t', words: [], types: ['message'] },
  { attribute: 'est', words: ['est'], types: ['message', 'est'] },
  { attribute: ' est\n pdt\test ', words: ['est', 'pdt'], types: ['message', 'est', 'pdt'] },
  { attribute: 'message est', words: ['message', 'est'], types: ['message', 'est'] },
  { attribute: 'Est est', words: ['Est', 'est'], types: ['message', 'Est', 'est'] },
  { attribute: 'no-message', words: ['no-message'], types: [] },
  { attribute: 'est no-message', words: ['est', 'no-message'], types: ['est'] },
  { attribute: 'message no-message est', words: ['message', 'no-message', 'est'], types: ['est'] },
]) {
  test(`events=${JSON.stringify(attribute)}`, () => {
    assert.deepEqual(wordsOf(attribute), words);
    assert.deepEqual([...eventTypes(attribute)], types);
  });
}

for (const { type, reserved } of [
  { type: 'open', reserved: true },
  { type: 'error', reserved: true },
  { type: 'sse', reserved: true },
  { type: 'sse:state', reserved: true },
  { type: 'sse:', reserved: true },
  { type: 'message', reserved: false },
  { type: 'Open', reserved: false },
  { type: 'sse-2', reserved: false },
  { type: 'opening', reserved: false },
]) {
  test(`${type} is ${reserved ? '' : 'not '}reserved`, () => assert.equal(isReserved(type), reserved));
}
