import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandlerSlot } from '../../src/handler.js';

test('a handler is called with the event and the target, once however often it is replaced', () => {
  const target = new EventTarget();
  const slot = new HandlerSlot<Event>(target, 'open');
  const calls: unknown[] = [];
  slot.set(() => calls.push('first'));
  slot.set(function (this: unknown, event: Event) {
    calls.push(this === target, event.type);
  });
  target.dispatchEvent(new Event('open'));
  assert.deepEqual(calls, [true, 'open']);
});

test('null and anything that is no function take the handler away', () => {
  const target = new EventTarget();
  const slot = new HandlerSlot<Event>(target, 'open');
  for (const nothing of [null, undefined, 'alert(1)', {}]) {
    let calls = 0;
    slot.set(() => calls++);
    slot.set(nothing);
    target.dispatchEvent(new Event('open'));
    assert.equal(slot.get(), null);
    assert.equal(calls, 0);
  }
});

test('a handler keeps its place among the listeners', () => {
  const target = new EventTarget();
  const slot = new HandlerSlot<Event>(target, 'open');
  const calls: string[] = [];
  slot.set(() => calls.push('old'));
  target.addEventListener('open', () => calls.push('listener'));
  slot.set(() => calls.push('new'));
  target.dispatchEvent(new Event('open'));
  assert.deepEqual(calls, ['new', 'listener']);
});
