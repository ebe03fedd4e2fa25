import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeNewc, isWhiteout } from '../../../src/archive/newc/writer.js';
import { contentOf, readNewc, type NewcMember } from '../../../src/archive/newc/reader.js';
import { decodeHeader, encodeHeader } from '../../../src/archive/newc/header.js';
import {
  walkEntries,
  type FileInode,
  type Inode,
  type Tree,
} from '../../../src/archive/tree/tree.js';
import { unsignedTime } from '../../../src/archive/bytes/unsigned-time.js';
import { arbitraryTree, finishTree } from './arbitrary-tree.js';

const plain = { path: '', mode: 0o644, uid: 0, gid: 0, mtime: 5, xattrs: [], links: 1 };
const file = (size: number): FileInode => ({ ...plain, kind: 'file', size, stamp: 0n });
const directory = (entries: Tree['root']['entries']): Tree['root'] => ({
  ...plain,
  kind: 'directory',
  mode: 0o755,
  entries,
});

/** Every file's content is its size in bytes of one letter. */
function* read({ size }: FileInode): Generator<Buffer> {
  for (let left = size; left > 0; left -= 700) yield Buffer.alloc(Math.min(left, 700), 'c');
}

function archiveOf(tree: Tree): Buffer {
  return Buffer.concat([...encodeNewc(tree, [], read)].map((piece) => Buffer.from(piece)));
}

function* inPieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function members(
  bytes: Buffer,
  pieceSize = 64,
): Promise<(NewcMember & { readonly bytes: Buffer })[]> {
  const found = [];
  for await (const member of readNewc(inPieces(bytes, pieceSize))) {
    found.push({ ...member, bytes: await contentOf(member) });
  }
  return found;
}

test('encodeHeader() writes the bytes of the kernel document', () => {
  const header = {
    inode: 1,
    mode: 0o100644,
    uid: 0,
    gid: 1000,
    links: 1,
    mtime: 0xfffefdfc,
    size: 3,
    device: { major: 0, minor: 0 },
  };
  const bytes = encodeHeader(header, 'abc');
  expect(bytes.toString('latin1')).toBe(
    '07070100000001000081A400000000000003E800000001FFFEFDFC00000003' +
      '000000000000000000000000000000000000000400000000abc\0\0\0',
  );
  expect(decodeHeader(bytes)).toEqual({ ...header, nameLength: 4 });
});

test('readNewc() undoes encodeNewc() for any tree', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTree, fc.integer({ min: 1, max: 300 }), async (tree, pieceSize) => {
      const found = await members(archiveOf(tree), pieceSize);
      const expected = [{ path: '.', inode: tree.root }, ...walkEntries(tree.root)];
      expect(found.map(({ name }) => name)).toEqual(expected.map(({ path }) => path));
      expected.forEach(({ inode }, index) => {
        const member = found[index];
        const { kind, mode, uid, gid } = inode;
        expect(member).toMatchObject({ kind, mode, uid, gid, mtime: unsignedTime(inode.mtime) });
        if (inode.kind === 'symlink') expect(member?.target).toBe(inode.target);
        if ('device' in inode) expect(member?.device).toEqual(inode.device);
      });
      assertLinks(expected, found);
    }),
    { numRuns: 60 },
  );
});

function assertLinks(
  expected: readonly { inode: Inode }[],
  found: Awaited<ReturnType<typeof members>>,
): void {
  const numbers = new Map<unknown, number[]>();
  expected.forEach(({ inode }, index) => {
    numbers.set(inode, [...(numbers.get(inode) ?? []), index]);
  });
  const seen = new Set<number>();
  for (const [inode, indices] of numbers) {
    const { kind, links } = inode as Inode;
    const last = found[indices.at(-1) ?? 0];
    const own = kind === 'symlink' || isWhiteout(inode as Inode);
    for (const index of indices) {
      const member = found[index];
      if (kind === 'file') {
        const size = index === indices.at(-1) ? (inode as FileInode).size : 0;
        expect(member?.bytes).toEqual(Buffer.alloc(size, 'c'));
      }
      if (own) expect(member?.links).toBe(1);
      else if (kind !== 'directory')
        expect([member?.inode, member?.links]).toEqual([last?.inode, links]);
    }
    for (const number of new Set(indices.map((index) => found[index]?.inode ?? 0))) {
      expect(seen.has(number)).toBe(false);
      seen.add(number);
    }
  }
  expect(Math.min(...seen)).toBe(1);
  expect(Math.max(...seen)).toBe(seen.size);
}

test('readNewc() reads archives that follow each other with zeros in between', async () => {
  const one = archiveOf(finishTree(directory([{ name: 'one', inode: file(3) }])));
  const two = archiveOf(finishTree(directory([{ name: 'two', inode: file(1) }])));
  const found = await members(Buffer.concat([one, Buffer.alloc(300), two, Buffer.alloc(4)]));
  expect(found.map(({ name }) => name)).toEqual(['.', 'one', '.', 'two']);
});

test('readNewc() skips content that nobody asks for', async () => {
  const tree = finishTree(
    directory([
      { name: 'a', inode: file(5000) },
      { name: 'b', inode: file(2) },
    ]),
  );
  const names = [];
  for await (const { name } of readNewc([archiveOf(tree)])) names.push(name);
  expect(names).toEqual(['.', 'a', 'b']);
});

test('readNewc() refuses an archive that is cut anywhere', async () => {
  const inode = file(10);
  const bytes = archiveOf(
    finishTree(
      directory([
        { name: 'a', inode },
        { name: 'b', inode },
      ]),
    ),
  );
  for (let length = 1; length < bytes.length - 3; length++) {
    await expect(members(bytes.subarray(0, length))).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT',
    });
  }
});

test('readNewc() ends on any damage, with an error of its own', async () => {
  const tree = finishTree(
    directory([
      { name: 'a', inode: file(10) },
      { name: 'b', inode: file(3) },
    ]),
  );
  const bytes = archiveOf(tree);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, byte] of changes) damaged[at] = byte;
        await members(damaged).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'ARCHIVE_CORRUPT' });
        });
      },
    ),
    { numRuns: 2000 },
  );
});

test('encodeNewc() refuses what the format cannot hold', () => {
  const large = finishTree(directory([{ name: 'large', inode: file(2 ** 32) }]));
  expect(() => [...encodeNewc(large, [], read)]).toThrow(/4 GiB or more/);
  const trailer = finishTree(directory([{ name: 'TRAILER!!!', inode: file(0) }]));
  expect(() => [...encodeNewc(trailer, [], read)]).toThrow(/marks its end/);
  let deep = directory([{ name: 'x'.repeat(250), inode: file(0) }]);
  for (let level = 0; level < 16; level++)
    deep = directory([{ name: 'y'.repeat(250), inode: deep }]);
  expect(() => [...encodeNewc(finishTree(deep), [], read)]).toThrow(/more than 4095 bytes/);
});
