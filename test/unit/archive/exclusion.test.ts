import { expect, test } from 'vitest';
import { byteString } from '../../../src/core/byte-string.js';
import { compileExclusion } from '../../../src/archive/tree/exclusion.js';

const cases: [pattern: string, path: string, matches: boolean][] = [
  ['var/cache', 'var/cache', true],
  ['var/cache', 'var/cache/apt', false], // Never asked: what is below an excluded directory is not read.
  ['var/cache', 'srv/var/cache', false],
  ['/var/cache/', 'var/cache', true],
  ['var/*', 'var/cache', true],
  ['var/*', 'var/cache/apt', false],
  ['**/*.pyc', 'a.pyc', true],
  ['**/*.pyc', 'usr/lib/a.pyc', true],
  ['**/*.pyc', 'usr/lib/a.pycx', false],
  ['usr/**', 'usr/lib/x', true],
  ['usr/**', 'usr', false],
  ['usr/**/x', 'usr/x', true],
  ['usr/**/x', 'usr/a/b/x', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['a[b-d]', 'ac', true],
  ['a[b-d]', 'ae', false],
  ['a[!b-d]', 'ae', true],
  ['a[!b-d]', 'ab', false],
  ['a[!b]c', 'a/c', false],
  ['a.c', 'abc', false],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['(a|b)+$', '(a|b)+$', true],
  ['ü*', 'ürgend', true],
  ['*', 'new\nline', true],
];

test.each(cases)('compileExclusion() %j on %j is %j', (pattern, path, matches) => {
  expect(compileExclusion([pattern])(byteString(path))).toBe(matches);
});

test('compileExclusion() leaves nothing out without patterns', () => {
  expect(compileExclusion([])('anything')).toBe(false);
});

test.each(['', '/', '../etc', 'a/../b', 'a[', 'a\\', '[z-a]'])(
  'compileExclusion() refuses %j',
  (pattern) => {
    expect(() => compileExclusion(['ok', pattern])).toThrow(
      expect.objectContaining({ code: 'BAD_PATTERN', exitCode: 2 }),
    );
  },
);
