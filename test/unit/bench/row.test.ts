import { expect, test } from 'vitest';
import { makeRow, median } from '../../../bench/row.js';

test('median() is the middle, or the mean of both', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test('makeRow() compares round by round', () => {
  const row = makeRow('pack: cpu', 's', 'other', [
    [1, 2],
    [4, 4],
    [3, 2],
  ]);
  // The ratio of the medians would be 1.5: a slow minute of the machine is in both of a pair.
  expect(row).toEqual({
    name: 'pack: cpu',
    ours: 3,
    peer: 2,
    peerName: 'other',
    unit: 's',
    ratio: 1,
    spread: [0.5, 1.5],
    rounds: 3,
  });
});
