/** Packing with an earlier image at hand gives the bytes of a full pack, however that image was damaged. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PreviousImageOptions } from '../../../src/archive/squashfs/repack/previous-image.js';
import { packImage, type SquashfsResult } from '../../../src/archive/squashfs/pack-image.js';
import type { Digest } from '../../../src/core/digest.js';

const BLOCK = 4096;
let directory: string;
let descriptor: number;
let full: SquashfsResult;
let image: Buffer;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'onib-repack-'));
  const tree = path.join(directory, 'tree');
  mkdirSync(tree);
  for (let file = 0; file < 12; file++) {
    const line = `line ${String(file)} of a file that compresses well enough\n`;
    writeFileSync(path.join(tree, `file-${String(file)}`), line.repeat(40 * file));
  }
  descriptor = openSync(path.join(directory, 'image'), 'w+');
  full = await pack();
  image = readFileSync(path.join(directory, 'image'));
});

afterAll(() => {
  closeSync(descriptor);
  rmSync(directory, { recursive: true });
});

async function pack(previous?: PreviousImageOptions): Promise<SquashfsResult> {
  ftruncateSync(descriptor, 0);
  return await packImage(
    {
      kind: 'squashfs',
      tree: path.join(directory, 'tree'),
      outFile: path.join(directory, 'image'),
      compression: { compressor: 'zstd', level: 1, blockSize: BLOCK },
      exclude: [],
      threads: 2,
      ...(previous === undefined ? {} : { previous }),
    },
    { descriptor, checkpoint: () => undefined, progress: () => undefined },
  );
}

async function repack(previous: Buffer, digest?: Digest): Promise<SquashfsResult> {
  const file = path.join(directory, 'previous');
  writeFileSync(file, previous);
  return await pack({ file, ...(digest === undefined ? {} : { digest }) });
}

test('packImage() copies all blocks of an image of the same tree', async () => {
  expect(await repack(image)).toEqual({ ...full, copiedBlocks: full.blocks });
  expect(await repack(image, full.digest)).toEqual({ ...full, copiedBlocks: full.blocks });
  expect(full.blocks).toBeGreaterThan(12);
});

test('packImage() gives the same bytes when the previous image is damaged anywhere', async () => {
  const place = fc.nat(image.length - 1);
  const change = fc.record({ place, value: fc.nat(255), length: fc.nat(3) });
  const damage = fc.record({
    changes: fc.array(change, { maxLength: 6 }),
    cut: fc.option(place, { nil: undefined }),
    known: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ changes, cut, known }) => {
      const damaged = Buffer.from(image);
      for (const { place: at, value, length } of changes)
        damaged.subarray(at, at + 1 + length).fill(value);
      const again = await repack(damaged.subarray(0, cut), known ? full.digest : undefined);
      expect({ ...again, copiedBlocks: 0 }).toEqual({ ...full, copiedBlocks: 0 });
    }),
    { numRuns: 1000 },
  );
});

test('packImage() does not copy a block that was changed to another one of the same content', async () => {
  const damaged = Buffer.from(image);
  const block = image.indexOf(Buffer.from('28b52ffd', 'hex'));
  // zstd's decoder does not look at this bit of a frame's header (RFC 8878, 3.1.1.1.1.3).
  damaged[block + 4] = (damaged[block + 4] ?? 0) ^ 0x10;
  const again = await repack(damaged);
  expect(again.digest).toBe(full.digest);
  expect(again.copiedBlocks).toBe(full.blocks - 1);
});
