import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../../src/core/did-you-mean.js';

describe('editDistance()', () => {
  test.each([
    ['', '', 0],
    ['suite', 'suite', 0],
    ['', 'xz', 2],
    ['zstd', 'zstf', 1],
    ['packages', 'pakcages', 1],
    ['kitten', 'sitting', 3],
  ])('editDistance("%s", "%s") is %i', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
  });

  test('editDistance() is symmetric and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (left, right) => {
        const distance = editDistance(left, right);
        expect(distance).toBe(editDistance(right, left));
        expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
        expect(distance === 0).toBe(left === right);
      }),
    );
  });
});

describe('nearest()', () => {
  test('nearest() takes the closest candidate, whatever its case', () => {
    expect(nearest('SUIT', ['suite', 'base'])).toBe('suite');
    expect(nearest('compresion', ['components', 'compression'])).toBe('compression');
  });

  test('nearest() leaves words alone that are merely short', () => {
    expect(nearest('bass', ['xz', 'lz4'])).toBeUndefined();
    expect(nearest('kind', ['base'])).toBeUndefined();
    expect(nearest('motd', ['suite', 'packages', 'base', 'kind'])).toBeUndefined();
  });
});

test('didYouMean() makes a question of it, or nothing', () => {
  expect(didYouMean('discvery', ['discovery', 'example'])).toBe('did you mean "discovery"?');
  expect(didYouMean('nothing', ['discovery', 'example'])).toBeUndefined();
});
