import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeXattrDump,
  encodeXattrDump,
  treeXattrs,
} from '../../../src/archive/overlay/xattr-dump.js';
import { arbitraryTree } from './arbitrary-tree.js';

test('encodeXattrDump() writes what setfattr reads', () => {
  const dump = encodeXattrDump([
    { path: '.', xattrs: [{ name: 'trusted.overlay.opaque', value: Buffer.from('y') }] },
    {
      path: 'a b/\xff\n\\',
      xattrs: [
        { name: 'user.empty', value: Buffer.alloc(0) },
        { name: 'user.x=y', value: Buffer.from([0, 255]) },
      ],
    },
  ]);
  expect(dump.toString('latin1')).toBe(
    '# file: .\ntrusted.overlay.opaque=0x79\n\n' +
      '# file: a\\040b/\\377\\012\\134\nuser.empty=0x\nuser.x\\075y=0x00ff\n\n',
  );
});

test('decodeXattrDump() undoes encodeXattrDump()', () => {
  fc.assert(
    fc.property(arbitraryTree, (tree) => {
      const files = treeXattrs(tree);
      expect(decodeXattrDump(encodeXattrDump(files))).toEqual(files);
    }),
  );
});

test('decodeXattrDump() refuses what is not a dump', () => {
  for (const text of ['user.x=0x00\n# fil', 'user.x=text\n', '# file: a\nuser.x=0x0\n']) {
    expect(() => decodeXattrDump(Buffer.from(text))).toThrow(SyntaxError);
  }
});
