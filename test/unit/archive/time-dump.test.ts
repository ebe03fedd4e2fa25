import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeTimeDump,
  encodeTimeDump,
  treeTimes,
} from '../../../src/archive/overlay/time-dump.js';
import { walkEntries } from '../../../src/archive/tree/tree.js';
import { arbitraryTree } from './arbitrary-tree.js';

test('decodeTimeDump() undoes encodeTimeDump() for any tree', () => {
  fc.assert(
    fc.property(arbitraryTree, (tree) => {
      const times = treeTimes(tree);
      expect(decodeTimeDump(encodeTimeDump(times))).toEqual(times);
    }),
    { numRuns: 100 },
  );
});

test('treeTimes() names what newc or GNU cpio would give another time, and nothing else', () => {
  fc.assert(
    fc.property(arbitraryTree, (tree) => {
      const known = new Map(treeTimes(tree).map(({ path, mtime }) => [path, mtime]));
      for (const { path, inode } of walkEntries(tree.root)) {
        const { kind, mtime } = inode;
        const fits = kind !== 'symlink' && mtime >= 0 && mtime <= 0xffffffff;
        if (kind === 'symlink' || inode.path === path) {
          expect(known.get(path)).toBe(fits ? undefined : mtime);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('encodeTimeDump() writes a line for each path, with the bytes that a shell can read', () => {
  const times = [
    { path: '.', mtime: -5 },
    { path: 'a \\b\n\xff', mtime: 5_000_000_000 },
  ];
  const lines = '-5 .\n5000000000 a\\040\\134b\\012\\377\n';
  expect(encodeTimeDump(times).toString('latin1')).toBe(lines);
});

test.each(['x .', '5', '5 ', '5 a b', '5.5 a'])('decodeTimeDump() refuses %j', (line) => {
  expect(() => decodeTimeDump(Buffer.from(line))).toThrow(SyntaxError);
});
