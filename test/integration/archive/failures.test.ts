/** What packing does when it cannot go on: one clear error, and no file. */
import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packOverlay, type PackOverlayOptions } from '../../../src/archive/pack/pack-overlay.js';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import { run } from '../../../src/host/run.js';

let work: string;
let tree: string;
let out: string;

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-pack-'));
  tree = path.join(work, 'tree');
  out = path.join(work, 'out');
  await run(['mkdir', tree, out]);
});

afterEach(async () => {
  await rm(work, { recursive: true, force: true });
});

type Pack = (
  tree: string,
  file: string,
  options?: Pick<PackOverlayOptions, 'signal' | 'onProgress' | 'exclude'>,
) => Promise<unknown>;

const squashfs: Pack = (from, file, options) =>
  packSquashfs(from, file, { compressor: 'xz', blockSize: 131_072, ...options });
const overlay: Pack = (from, file, options) => packOverlay(from, file, options);
const both = [
  ['packSquashfs()', squashfs],
  ['packOverlay()', overlay],
] as const;

async function incompressible(file: string, mebibytes: number): Promise<void> {
  const script = 'head -c "$2" /dev/urandom >"$1"';
  await run(['sh', '-c', script, 'sh', file, String(mebibytes * 1_048_576)]);
}

test.each(both)('%s ends early when called off, and leaves nothing', async (_, pack) => {
  await incompressible(path.join(tree, 'large'), 400);
  const controller = new AbortController();
  const seen: number[] = [];
  const packing = pack(tree, path.join(out, 'archive'), {
    signal: controller.signal,
    onProgress: ({ bytesDone, bytesTotal }) => {
      seen.push(bytesDone / bytesTotal);
      controller.abort(new Error('enough'));
    },
  });
  await expect(packing).rejects.toThrow('enough');
  // What was under way when it was called off is not finished.
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.at(-1)).toBeLessThan(0.5);
  expect(await readdir(out)).toEqual([]);
});

test.each(both)('%s does not begin when called off before', async (_, pack) => {
  const signal = AbortSignal.abort(new Error('not today'));
  await expect(pack(tree, path.join(out, 'archive'), { signal })).rejects.toThrow('not today');
  expect(await readdir(out)).toEqual([]);
});

test.each(both)('%s keeps the event loop free', async (_, pack) => {
  await incompressible(path.join(tree, 'large'), 24);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await pack(tree, path.join(out, 'archive'));
  clearInterval(timer);
  // A loop that waits for the whole of it turns a handful of times.
  expect(turns).toBeGreaterThan(30);
});

test.each(both)('%s says that the disk is full, and leaves nothing', async (_, pack) => {
  await incompressible(path.join(tree, 'large'), 16);
  const disk = path.join(work, 'disk');
  await mkdir(disk);
  await run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'onib-test', disk]);
  try {
    await expect(pack(tree, path.join(disk, 'archive'))).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/the disk is full, \d+ bytes are available/) as string,
      details: [expect.stringMatching(/^\d+ bytes of files/) as string],
    });
    expect(await readdir(disk)).toEqual([]);
  } finally {
    await run(['umount', disk]);
  }
});

test.each(both)('%s notices a file that grows while it is read', async (_, pack) => {
  const file = path.join(tree, 'growing');
  await incompressible(file, 32);
  const packing = pack(tree, path.join(out, 'archive'), {
    onProgress: () => appendFileSync(file, 'more'),
  });
  await expect(packing).rejects.toMatchObject({ code: 'PACK_TREE_CHANGED' });
  expect(await readdir(out)).toEqual([]);
});

test.each(both)(
  '%s refuses a tree with another mount inside, unless that is left out',
  async (_, pack) => {
    const inner = path.join(tree, 'a b', 'inner');
    await mkdir(inner, { recursive: true });
    await run(['mount', '-t', 'tmpfs', 'onib-test', inner]);
    try {
      await expect(pack(tree, path.join(out, 'archive'))).rejects.toMatchObject({
        code: 'PACK_MOUNT_INSIDE',
        message: `Cannot pack "${inner}": another filesystem is mounted there`,
      });
      await pack(tree, path.join(out, 'archive'), { exclude: ['a b'] });
    } finally {
      await run(['umount', inner]);
    }
  },
);

test.each(both)('%s refuses overlayfs features that mean nothing elsewhere', async (_, pack) => {
  await mkdir(path.join(tree, 'moved'));
  await run(['setfattr', '-n', 'trusted.overlay.redirect', '-v', 'from', path.join(tree, 'moved')]);
  await expect(pack(tree, path.join(out, 'archive'))).rejects.toMatchObject({
    code: 'PACK_OVERLAY_FEATURE',
    message: expect.stringContaining('/moved": it has trusted.overlay.redirect') as string,
  });
});

test.each(both)('%s replaces the file only when the new one is whole', async (_, pack) => {
  const file = path.join(out, 'archive');
  await writeFile(file, 'old');
  await expect(pack(path.join(work, 'no-tree'), file)).rejects.toMatchObject({
    code: 'PACK_TREE_MISSING',
  });
  expect(await readFile(file, 'utf8')).toBe('old');
  await pack(tree, file);
  expect(await readFile(file, 'utf8')).not.toBe('old');
  expect(await readdir(out)).toEqual(['archive']);
});

test.each(both)('%s says which directory is missing', async (_, pack) => {
  await expect(pack(tree, path.join(work, 'nowhere', 'archive'))).rejects.toMatchObject({
    code: 'PACK_OUTPUT',
  });
});

test('packSquashfs() refuses an ACL, which squashfs cannot hold', async () => {
  await mkdir(path.join(tree, 'shared'));
  await run(['setfacl', '-m', 'u:1234:rwx', path.join(tree, 'shared')]);
  await expect(squashfs(tree, path.join(out, 'archive'))).rejects.toMatchObject({
    code: 'SQUASHFS_CANNOT_HOLD',
    message: expect.stringContaining(
      'squashfs has no place for the attribute system.posix_acl_access',
    ) as string,
  });
});

test('packOverlay() keeps an ACL', async () => {
  await mkdir(path.join(tree, 'shared'));
  await run(['setfacl', '-m', 'u:1234:rwx', '-m', 'd:g:7:r', path.join(tree, 'shared')]);
  const file = path.join(out, 'archive');
  await overlay(tree, file);
  const restored = path.join(work, 'restored');
  await mkdir(restored);
  const script = 'gzip -dc "$1" | cpio -idm --quiet; setfattr -h --restore=.onib/xattrs';
  await run(['sh', '-euc', script, 'sh', file], { cwd: restored });
  const acl = async (cwd: string): Promise<string> =>
    (await run(['getfacl', 'shared'], { cwd })).stdout;
  expect(await acl(restored)).toBe(await acl(tree));
  expect(await acl(restored)).toContain('user:1234:rwx');
});

test('packOverlay() refuses a file of 4 GiB', async () => {
  await run(['truncate', '-s', '4G', path.join(tree, 'large')]);
  await expect(overlay(tree, path.join(out, 'archive'))).rejects.toMatchObject({
    code: 'CPIO_CANNOT_HOLD',
    message: expect.stringContaining(
      '/large": a cpio archive has no place for a file of 4 GiB',
    ) as string,
  });
});

test('packSquashfs() refuses settings that do not exist', async () => {
  for (const options of [
    { compressor: 'xz', level: 10, blockSize: 131_072 },
    { compressor: 'lz4', level: 5, blockSize: 131_072 },
    { compressor: 'zstd', blockSize: 100_000 },
    { compressor: 'gzip', blockSize: 2_097_152 },
  ] as const) {
    await expect(packSquashfs(tree, path.join(out, 'archive'), options)).rejects.toMatchObject({
      code: 'SQUASHFS_SETTINGS',
      exitCode: 2,
    });
  }
});

test('packSquashfs() says how to get libsquashfs', async () => {
  const url = new URL('../../../dist/src/archive/pack/pack-squashfs.js', import.meta.url).href;
  const script = [
    `const { packSquashfs } = await import('${url}');`,
    `try { await packSquashfs('${tree}', '${out}/archive', { compressor: 'xz', blockSize: 131072 }); }`,
    'catch (error) { console.log(JSON.stringify({ code: error.code, hint: error.hint, exitCode: error.exitCode })); }',
  ].join('\n');
  const { stdout: library } = await run([
    'sh',
    '-c',
    'ldconfig -p | sed -n "s/.*libsquashfs.so.1 .*=> //p"',
  ]);
  const hide = 'mount --bind /dev/null "$(readlink -f "$1")"; shift; exec "$@"';
  const { stdout } = await run([
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', hide, 'sh'],
    ...[library.trim(), process.execPath, '--input-type=module', '-e', script],
  ]);
  expect(JSON.parse(stdout)).toEqual({
    code: 'LIBSQUASHFS_MISSING',
    hint: 'apt-get install libsquashfs1',
    exitCode: 3,
  });
  expect(await readdir(out)).toEqual([]);
});
