// The page's accounts, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Comeback } from '../page/comeback.js';
import { Ledger, parseId } from '../page/ledger.js';

test('ids of the hub', () => {
  assert.deepEqual(parseId('#k3v9xq2m7p.12'), { epoch: 'k3v9xq2m7p', offset: 12 });
  assert.deepEqual(parseId('#e.0'), { epoch: 'e', offset: 0 });
  for (const id of ['', '#', '#e', '#e.', '#.1', '#e.01', '#e.-1', '#e.1.2', 'e.1', ' #e.1', '#e.1 ']) {
    assert.equal(parseId(id), null, id);
  }
});

/** The counts after these offsets, each taken with every type chosen unless it is negative. */
function counts(...offsets) {
  const ledger = new Ledger();
  for (const offset of offsets) {
    if (offset === 'choice') ledger.choiceChanged();
    else ledger.take(`#e.${Math.abs(offset)}`, offset > 0);
  }
  const { received, missing, twice, leftOut, verdict } = ledger;
  return { received, missing, twice, leftOut, verdict };
}

for (const { name, offsets, want } of [
  { name: 'nothing', offsets: [], want: { received: 0, missing: 0, twice: 0, leftOut: 0, verdict: 'No id yet.' } },
  {
    name: 'all in order',
    offsets: [7, 8, 9],
    want: { received: 3, missing: 0, twice: 0, leftOut: 0, verdict: 'Every id from 7 to 9 arrived, each once.' },
  },
  {
    name: 'a hole',
    offsets: [7, 10],
    want: { received: 2, missing: 2, twice: 0, leftOut: 0, verdict: 'From 7 to 10: 2 missing.' },
  },
  {
    name: 'one again',
    offsets: [7, 8, 7, 9],
    want: { received: 4, missing: 0, twice: 1, leftOut: 0, verdict: 'From 7 to 9: 1 twice.' },
  },
  {
    name: 'a hole while a type is not chosen',
    offsets: [7, -9, -11],
    want: { received: 3, missing: 0, twice: 0, leftOut: 2, verdict: 'Every id from 7 to 11 arrived once, but for the types not chosen.' },
  },
  {
    name: 'the first hole after a type was chosen again is not held against anybody, the next one is',
    offsets: [7, -8, 10, 12],
    want: { received: 4, missing: 1, twice: 0, leftOut: 1, verdict: 'From 7 to 12: 1 missing.' },
  },
  {
    name: 'a choice between two events that was taken back',
    offsets: [7, 'choice', 'choice', 9],
    want: { received: 2, missing: 0, twice: 0, leftOut: 1, verdict: 'Every id from 7 to 9 arrived once, but for the types not chosen.' },
  },
]) {
  test(`ledger: ${name}`, () => assert.deepEqual(counts(...offsets), want));
}

test('ledger: another history starts over', () => {
  const ledger = new Ledger();
  assert.equal(ledger.take('#a.8', true)?.kind, 'next');
  assert.equal(ledger.take('#b.3', true)?.kind, 'history');
  assert.equal(ledger.take('#b.4', true)?.kind, 'next');
  assert.equal(ledger.take('nothing of ours', true), null);
  assert.equal(ledger.verdict, 'Every id from 3 to 4 arrived, each once.');
});

test('comeback: what was published while away was caught up', () => {
  const comeback = new Comeback();
  // This machine's clock is 100 s ahead of the server's, and delivery takes 5 ms at best.
  assert.equal(comeback.opened(100_000), false);
  assert.equal(comeback.event(1_000, 101_005), false);
  assert.equal(comeback.event(2_000, 102_010), false);
  comeback.lost(102_500);
  comeback.lost(103_000); // refused: still the same interruption
  assert.equal(comeback.opened(104_200), true);
  const late = [
    comeback.event(3_000, 104_201),
    comeback.event(NaN, 104_201), // says no time: like the one before it
    comeback.event(4_000, 104_202),
    comeback.event(5_000, 105_005),
    comeback.event(NaN, 105_006),
  ];
  assert.deepEqual(late, [true, true, true, false, false]);
  assert.equal(comeback.caughtUp, 3);
  assert.equal(comeback.gone, 1_700);
});
