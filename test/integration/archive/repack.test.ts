/** Packing again with an earlier image at hand: quicker, and never different. */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SUPER_SIZE } from '../../../src/archive/squashfs/format/format.js';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import type { SquashfsResult } from '../../../src/archive/squashfs/pack-image.js';
import { run } from '../../../src/host/run.js';
import type { Digest } from '../../../src/core/digest.js';

let work: string;
let tree: string;
let first: SquashfsResult;
const settings = { compressor: 'zstd', level: 3, blockSize: 16_384 } as const;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-repack-'));
  tree = path.join(work, 'tree');
  await mkdir(tree);
  const script =
    'for n in $(seq 1 400); do yes "line $n" | head -c $((n * 97)) >$n; done; seq 1 200000 >large';
  await run(['sh', '-euc', script], { cwd: tree });
  first = await packSquashfs(tree, image('first'), settings);
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

function image(name: string): string {
  return path.join(work, `${name}.squashfs`);
}

async function repack(file: string, digest?: Digest): Promise<SquashfsResult> {
  const previous = { file, ...(digest === undefined ? {} : { digest }) };
  return await packSquashfs(tree, image('repacked'), { ...settings, previous });
}

test('packSquashfs() copies every block of an unchanged tree', async () => {
  const again = await repack(image('first'));
  expect(again).toEqual({ ...first, copiedBlocks: first.blocks });
  expect(first.blocks).toBeGreaterThan(100);
});

test('packSquashfs() copies from an image that is the one that was packed, and from no other', async () => {
  expect(await repack(image('first'), first.digest)).toEqual({
    ...first,
    copiedBlocks: first.blocks,
  });
  const other: Digest = `sha256:${'0'.repeat(64)}`;
  expect(await repack(image('first'), other)).toEqual(first);
});

test('packSquashfs() compresses few blocks when a small file changes its size', async () => {
  await appendFile(path.join(tree, '150'), 'more and more');
  const full = await packSquashfs(tree, image('full'), settings);
  const again = await repack(image('first'), first.digest);
  expect(again.digest).toBe(full.digest);
  // Tails are cut about every eight blocks; without that half of the blocks would change.
  expect(again.blocks - again.copiedBlocks).toBeLessThan(0.35 * again.blocks);
});

test('packSquashfs() makes the same image whatever the previous one was', async () => {
  const full = await packSquashfs(tree, image('full'), settings);
  const damaged = await readFile(image('full'));
  damaged.fill(0x55, SUPER_SIZE, damaged.readUInt32LE(64));
  await writeFile(image('damaged'), damaged);
  await writeFile(image('none'), 'not an image');
  await packSquashfs(tree, image('other-level'), { ...settings, level: 1 });
  await packSquashfs(tree, image('other-size'), { ...settings, blockSize: 8192 });
  await run([
    'mksquashfs',
    tree,
    image('foreign'),
    '-comp',
    'zstd',
    '-b',
    '16384',
    '-quiet',
    '-no-progress',
  ]);
  for (const name of ['damaged', 'none', 'other-level', 'other-size', 'foreign', 'not-there']) {
    const again = await repack(image(name));
    expect([name, again.digest, again.copiedBlocks]).toEqual([name, full.digest, 0]);
  }
});
