import { mkdtempSync, openSync, closeSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CompressorPool } from '../../../src/archive/squashfs/write/compressor-pool.js';
import {
  encodeSuperBlock,
  SUPER_SIZE,
  COMPRESSOR_ID,
} from '../../../src/archive/squashfs/format/format.js';
import { SquashfsImage } from '../../../src/archive/squashfs/read/image.js';
import { encodeMetadata } from '../../../src/archive/squashfs/write/metadata.js';
import { decodeDevice, encodeDevice } from '../../../src/archive/squashfs/format/inode.js';
import { walkEntries, type Inode, type Tree } from '../../../src/archive/tree/tree.js';
import { unsignedTime } from '../../../src/archive/bytes/unsigned-time.js';
import { writeAll } from '../../../src/archive/bytes/write-all.js';
import { arbitraryTree, finishTree } from './arbitrary-tree.js';

let directory: string;
let descriptor: number;
let compressors: CompressorPool;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'onib-metadata-'));
  descriptor = openSync(path.join(directory, 'image'), 'w+');
  compressors = new CompressorPool({ compressor: 'lz4', blockSize: 4096 });
});

afterAll(() => {
  compressors.close();
  closeSync(descriptor);
  rmSync(directory, { recursive: true });
});

/** An image of a tree without the files' contents. */
function writeImage(tree: Tree): void {
  const at = SUPER_SIZE + 1;
  const files = new Map();
  const input = { tree, files, fragments: [], at, compressors, checkpoint: () => undefined };
  const { bytes, fields } = encodeMetadata(input);
  writeAll(descriptor, bytes, at);
  const superBlock = encodeSuperBlock({
    ...fields,
    modified: 0,
    blockSize: 4096,
    compressorId: COMPRESSOR_ID.lz4,
    flags: 0,
    bytesUsed: BigInt(at + bytes.length),
  });
  writeAll(descriptor, superBlock, 0);
}

/** Files have no content here. */
function emptied(tree: Tree): Tree {
  for (const { inode } of walkEntries(tree.root)) {
    if (inode.kind === 'file') Object.assign(inode, { size: 0 });
  }
  return tree;
}

async function assertReadsBack(tree: Tree): Promise<void> {
  writeImage(tree);
  const image = new SquashfsImage(descriptor);
  try {
    const found = [...image.walk()];
    const expected: { path: string; inode: Inode }[] = [
      { path: '', inode: tree.root },
      ...walkEntries(tree.root),
    ];
    expect(found.map(({ path: name }) => name)).toEqual(expected.map(({ path: name }) => name));
    const numbers = new Map<Inode, number>();
    expected.forEach(({ path: name, inode }, index) => {
      const actual = found[index]?.inode;
      if (actual === undefined) throw new Error('missing');
      const { kind, mode, mtime } = inode;
      expect(actual).toMatchObject({ kind, mode, mtime: unsignedTime(mtime) });
      expect([image.uid(actual), image.gid(actual)]).toEqual([inode.uid, inode.gid]);
      expect(image.xattrs(actual)).toEqual(inode.xattrs);
      if (kind === 'symlink') expect(actual).toMatchObject({ target: inode.target });
      if ('device' in inode) expect(actual).toMatchObject({ device: inode.device });
      if (kind !== 'directory') expect(actual.links).toBe(inode.links);
      expect(actual.number).toBe(numbers.get(inode) ?? actual.number);
      numbers.set(inode, actual.number);
      expect(image.stat(name)).toEqual(actual);
    });
    expect(new Set(numbers.values()).size).toBe(tree.inodeCount);
  } finally {
    await image.close();
  }
}

test('SquashfsImage reads back what encodeMetadata() writes, for any tree', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTree, async (tree) => assertReadsBack(emptied(tree))),
    { numRuns: 60 },
  );
});

test('SquashfsImage reads back a directory of many entries', async () => {
  const plain = { path: '', mode: 0o644, uid: 0, gid: 0, mtime: 5, xattrs: [], links: 1 };
  const entries = Array.from({ length: 5000 }, (_, index) => ({
    name: `name-${String(index).padStart(5, '0')}`,
    inode: { ...plain, kind: 'file' as const, size: 0, stamp: 0n },
  }));
  const tree = finishTree({ ...plain, kind: 'directory', entries });
  writeImage(tree);
  const image = new SquashfsImage(descriptor);
  try {
    const names = image.list(image.root()).map(({ name }) => name);
    expect(names).toEqual(entries.map(({ name }) => name));
  } finally {
    await image.close();
  }
});

test('decodeDevice() undoes encodeDevice()', () => {
  fc.assert(
    fc.property(fc.nat(0xfff), fc.nat(0xfffff), (major, minor) => {
      expect(decodeDevice(encodeDevice({ major, minor }))).toEqual({ major, minor });
    }),
  );
});
