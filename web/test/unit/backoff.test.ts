import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff, defaultBackoff } from '../../src/backoff.js';

const { floor, base, cap, stable } = defaultBackoff;

test('the highest draw doubles from the base up to the cap', () => {
  const backoff = new Backoff(() => 1);
  const waits = Array.from({ length: 8 }, () => backoff.next(0));
  assert.deepEqual(waits, [base, 2 * base, 4 * base, 8 * base, 16 * base, cap, cap, cap]);
});

test('the lowest draw is the floor, however many failures', () => {
  const backoff = new Backoff(() => 0);
  for (let i = 0; i < 100; i++) assert.equal(backoff.next(0), floor);
});

test('waits cover the whole range', () => {
  let draw = 0;
  const backoff = new Backoff(() => draw);
  for (let i = 0; i < 20; i++) backoff.next(0);
  for (draw of [0, 0.25, 0.5, 0.75, 1]) assert.equal(backoff.next(0), Math.round(floor + draw * (cap - floor)));
});

test('no number of failures leaves the range', () => {
  const backoff = new Backoff(() => 1);
  for (let i = 0; i < 5_000; i++) backoff.next(0);
  assert.equal(backoff.next(0), cap);
});

for (const { name, openFor, wait, failures } of [
  { name: 'never open', openFor: 0, wait: 8 * base, failures: 4 },
  { name: 'open, but not for long', openFor: stable - 1, wait: 8 * base, failures: 4 },
  { name: 'stable', openFor: stable, wait: base, failures: 1 },
]) {
  test(`after three failures, a stream that was ${name}`, () => {
    const backoff = new Backoff(() => 1);
    for (let i = 0; i < 3; i++) backoff.next(0);
    assert.equal(backoff.next(openFor), wait);
    assert.equal(backoff.failures, failures);
  });
}

test('reset starts over', () => {
  const backoff = new Backoff(() => 1);
  backoff.next(0);
  backoff.next(0);
  backoff.reset();
  assert.equal(backoff.failures, 0);
  assert.equal(backoff.next(0), base);
});
