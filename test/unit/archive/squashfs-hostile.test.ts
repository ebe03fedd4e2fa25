/** Images that are damaged or made to do harm: reading ends, and ends with an error of its own. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  BLOCK_RAW,
  COMPRESSOR_ID,
  encodeSuperBlock,
  NO_FRAGMENT,
  SUPER_SIZE,
} from '../../../src/archive/squashfs/format/format.js';
import { SquashfsImage } from '../../../src/archive/squashfs/read/image.js';
import { encodeMetadata } from '../../../src/archive/squashfs/write/metadata.js';
import type { FileInode, Inode, Tree } from '../../../src/archive/tree/tree.js';
import { writeAll } from '../../../src/archive/bytes/write-all.js';
import { finishTree } from './arbitrary-tree.js';

const BLOCK = 4096;
let directory: string;
let descriptor: number;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'onib-hostile-'));
  descriptor = openSync(path.join(directory, 'image'), 'w+');
});

afterAll(() => {
  closeSync(descriptor);
  rmSync(directory, { recursive: true });
});

const plain = { path: '', mode: 0o755, uid: 7, gid: 8, mtime: 5, links: 1 };
const xattr = (name: string, size: number): Inode['xattrs'][number] => ({
  name,
  value: Buffer.alloc(size, 'v'),
});

function sampleTree(names = ['a', 'b']): { readonly tree: Tree; readonly file: FileInode } {
  const file: FileInode = { ...plain, kind: 'file', size: BLOCK + 100, stamp: 0n, xattrs: [] };
  const [first = '', second = ''] = names;
  const entries = [
    { name: 'file', inode: file },
    { name: 'file-again', inode: file },
    {
      name: 'inner',
      inode: {
        ...plain,
        kind: 'directory' as const,
        xattrs: [xattr('user.long', 40)],
        entries: [
          {
            name: 'device',
            inode: { ...plain, kind: 'block' as const, device: { major: 8, minor: 1 }, xattrs: [] },
          },
        ],
      },
    },
    {
      name: 'link',
      inode: {
        ...plain,
        kind: 'symlink' as const,
        target: '../x',
        xattrs: [xattr('trusted.x', 40)],
      },
    },
    { name: 'pipe', inode: { ...plain, kind: 'fifo' as const, xattrs: [xattr('security.y', 3)] } },
  ];
  const own = names.length === 2 && first === 'a' ? [] : [first, second];
  for (const name of own.filter((candidate) => candidate !== '')) {
    entries.push({ name, inode: { ...plain, kind: 'fifo' as const, xattrs: [] } });
  }
  return { tree: finishTree({ ...plain, kind: 'directory', xattrs: [], entries }), file };
}

/** Everything is stored as it is: a changed byte is a changed field, and not a broken block. */
function sampleImage(names?: string[]): Buffer {
  const { tree, file } = sampleTree(names);
  const data = Buffer.alloc(BLOCK + 100, 'd');
  const at = SUPER_SIZE + data.length;
  const layout = {
    start: SUPER_SIZE,
    blocks: [BLOCK | BLOCK_RAW],
    fragment: 0,
    tailOffset: 0,
    sparse: 0,
  };
  const { bytes, fields } = encodeMetadata({
    tree,
    files: new Map([[file, layout]]),
    fragments: [{ start: SUPER_SIZE + BLOCK, sizeWord: 100 | BLOCK_RAW }],
    at,
    compressors: { compressSync: () => undefined },
    checkpoint: () => undefined,
  });
  const superBlock = encodeSuperBlock({
    ...fields,
    modified: 0,
    blockSize: BLOCK,
    compressorId: COMPRESSOR_ID.zstd,
    flags: 0,
    bytesUsed: BigInt(at + bytes.length),
  });
  return Buffer.concat([superBlock, data, bytes]);
}

/** Reads all that there is; returns the number of names. */
async function readAll(bytes: Buffer): Promise<number> {
  ftruncateSync(descriptor, bytes.length);
  writeAll(descriptor, bytes, 0);
  const image = new SquashfsImage(descriptor);
  let names = 0;
  try {
    for (const { path: name, inode } of image.walk()) {
      names++;
      expect(name.split('/')).not.toContain('..');
      image.uid(inode);
      image.gid(inode);
      image.xattrs(inode);
      if (inode.kind !== 'file') continue;
      let pieces = 0;
      for await (const piece of image.read(inode)) {
        expect(piece.length).toBeGreaterThan(0);
        // A file may claim to be huge and empty; no reader has to wait for all of it.
        if (++pieces > 100) break;
      }
    }
  } finally {
    await image.close();
  }
  return names;
}

async function endsWell(bytes: Buffer): Promise<void> {
  await readAll(bytes).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  });
}

test('the sample is an image', async () => {
  expect(await readAll(sampleImage())).toBe(7);
});

test('SquashfsImage ends when any bytes are changed', async () => {
  const image = sampleImage();
  const metadata = SUPER_SIZE + BLOCK + 100;
  const place = fc.oneof(
    fc.nat(SUPER_SIZE - 1),
    fc.integer({ min: metadata, max: image.length - 1 }),
  );
  const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(place, byte), { minLength: 1, maxLength: 5 }),
      async (changes) => {
        const damaged = Buffer.from(image);
        for (const [at, value] of changes) damaged[at] = value;
        await endsWell(damaged);
      },
    ),
    { numRuns: 3000 },
  );
});

test('SquashfsImage refuses an image that is cut anywhere', async () => {
  const image = sampleImage();
  for (let length = 0; length < image.length; length += 13) {
    await expect(readAll(image.subarray(0, length))).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT',
    });
  }
});

test.each(['..', '.', 'a/b', '/etc', 'nul\0'])(
  'SquashfsImage refuses the name %j',
  async (name) => {
    await expect(readAll(sampleImage(['x', name]))).rejects.toThrow(
      /a file has the name|out of order/,
    );
  },
);

test('SquashfsImage refuses a name that is there twice', async () => {
  await expect(readAll(sampleImage(['x', 'x']))).rejects.toThrow(/out of order/);
});

test('SquashfsImage refuses a directory inside itself', async () => {
  const image = sampleImage();
  const inner = image.indexOf('inner', SUPER_SIZE + BLOCK, 'latin1');
  const rootOffset = image.readUInt16LE(32);
  // The entry's inode offset stands eight bytes before its name.
  image.writeUInt16LE(rootOffset, inner - 8);
  await expect(readAll(image)).rejects.toThrow(/inside itself/);
});

test('SquashfsImage refuses a tail in a fragment that is not there', async () => {
  const image = sampleImage();
  const { file } = sampleTree();
  const word = Buffer.alloc(4);
  word.writeUInt32LE(file.size, 0);
  expect(NO_FRAGMENT).toBe(0xffffffff);
  const size = image.indexOf(word, SUPER_SIZE + BLOCK + 100);
  // An extended file inode: size u64, sparse u64, links u32, fragment u32.
  image.writeUInt32LE(5, size + 20);
  await expect(readAll(image)).rejects.toThrow(/there is no fragment 5/);
});
