import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import { withSquashfs } from '../../../src/archive/squashfs/read/image.js';
import { run } from '../../../src/host/run.js';
import { makeCorpus, sha256File, snapshot } from './corpus.js';

const BLOCK = 131_072;
let work: string;
let tree: string;
let expected: string[];

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-squashfs-'));
  tree = path.join(work, 'tree');
  await mkdir(tree);
  await makeCorpus(tree);
  expected = await snapshot(tree);
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

test('the corpus holds what it should', () => {
  expect(expected.length).toBeGreaterThan(1800);
  const text = expected.join('\n');
  for (const part of [
    'security.capability=0x',
    String.raw`user.na\075me`,
    'trusted.overlay.opaque=0x79',
  ]) {
    expect(text).toContain(part);
  }
  expect(text).toContain('./links/a/first ./links/b/c/third ./links/b/second');
  expect(text).toMatch(/special\/socket \| c1/);
  expect(text).toMatch(/before-1970 .*@0 /);
});

async function mountedSnapshot(image: string): Promise<string[]> {
  const mounted = path.join(work, 'mounted');
  await mkdir(mounted, { recursive: true });
  const before = `mount -t squashfs -o loop,ro '${image}' '${mounted}'`;
  return await snapshot(mounted, { before });
}

describe.each(['xz', 'zstd', 'gzip', 'lz4'] as const)('packSquashfs() with %s', (compressor) => {
  test('makes an image in which the kernel shows the same tree', async () => {
    const image = path.join(work, `${compressor}.squashfs`);
    const result = await packSquashfs(tree, image, { compressor, blockSize: BLOCK });
    expect(result.digest).toBe(`sha256:${await sha256File(image)}`);
    expect(await mountedSnapshot(image)).toEqual(expected);
  });
});

describe('packSquashfs()', () => {
  test.each([
    ['gzip', 9],
    ['xz', 6],
    ['zstd', 15],
  ] as const)(
    'compresses a block with %s as gensquashfs does, and not with a library built into Node',
    async (compressor, level) => {
      const one = path.join(work, `one-${compressor}`);
      await mkdir(one);
      await run([
        'sh',
        '-euc',
        'seq 1 100000 | head -c 131072 >"$1"',
        'sh',
        path.join(one, 'file'),
      ]);
      const theirs = path.join(work, 'theirs.squashfs');
      const extra = compressor === 'xz' ? [] : ['--comp-extra', `level=${String(level)}`];
      const settings = ['--compressor', compressor, ...extra, '--block-size', '131072'];
      await run(['gensquashfs', ...settings, '--pack-dir', one, '--force', '--quiet', theirs]);
      const ours = path.join(work, 'ours.squashfs');
      await packSquashfs(one, ours, { compressor, level, blockSize: BLOCK });
      const block = await withSquashfs(ours, (image) => {
        const inode = image.stat('file');
        if (inode?.kind !== 'file') throw new Error('no file');
        return image.blocks.stored(inode.start, inode.blocks[0] ?? 0);
      });
      expect(block.length).toBeLessThan(BLOCK / 2);
      expect((await readFile(theirs)).includes(block)).toBe(true);
    },
  );

  test('makes an image that unsquashfs and rdsquashfs unpack to the same tree', async () => {
    const image = path.join(work, 'unpack.squashfs');
    await packSquashfs(tree, image, { compressor: 'zstd', level: 3, blockSize: BLOCK });
    const plain = path.join(work, 'unsquashfs');
    await run(['unsquashfs', '-no-progress', '-xattrs', '-dest', plain, image]);
    expect(await snapshot(plain)).toEqual(expected);
    await rm(plain, { recursive: true });

    const other = path.join(work, 'rdsquashfs');
    await mkdir(other);
    const flags = ['--set-xattr', '--set-times', '--chmod', '--chown', '--quiet'];
    await run(['rdsquashfs', ...flags, '--unpack-path', '/', '--unpack-root', other, image]);
    // It unpacks every link of a file by itself, leaves the root's own time alone, and sets owners
    // after attributes, at which the kernel takes a file's capabilities away.
    const unlinked = await snapshot(tree, { noLinks: true });
    const capability = / \| security[.]capability=0x[0-9a-f]+/;
    expect((await snapshot(other, { noLinks: true })).slice(1)).toEqual(
      unlinked.slice(1).map((line) => line.replace(capability, '')),
    );
    const cat = await run(['rdsquashfs', '--xattr', 'attributes/capability', image]);
    expect(cat.stdout).toContain('security.capability=0x01000002');
    await rm(other, { recursive: true });
  });

  test('gives the same bytes for the same tree, whatever the order, the threads and the umask', async () => {
    const other = path.join(work, 'other');
    await mkdir(other);
    await makeCorpus(other, 'reversed');
    const images: string[] = [];
    for (const [from, threads] of [
      [tree, 1],
      [other, 4],
      [tree, 3],
    ] as const) {
      const image = path.join(work, `threads-${String(images.length)}.squashfs`);
      const { digest } = await packSquashfs(from, image, {
        compressor: 'zstd',
        level: 3,
        blockSize: BLOCK,
        threads,
      });
      images.push(digest);
    }
    expect(new Set(images).size).toBe(1);
    await rm(other, { recursive: true });
  });

  test.each([4096, 1_048_576])('cuts files into blocks of %d bytes', async (blockSize) => {
    const image = path.join(work, 'blocks.squashfs');
    await packSquashfs(tree, image, { compressor: 'zstd', level: 1, blockSize });
    expect(await mountedSnapshot(image)).toEqual(expected);
  });

  test('stores equal contents once', async () => {
    const once = path.join(work, 'once');
    const twice = path.join(work, 'twice');
    await run(['mkdir', once, twice]);
    await run(['cp', path.join(tree, 'files/binary'), once]);
    await run(['cp', path.join(tree, 'files/binary'), path.join(twice, 'a')]);
    await run(['cp', path.join(tree, 'files/binary'), path.join(twice, 'b')]);
    const options = { compressor: 'gzip', blockSize: BLOCK } as const;
    const one = await packSquashfs(once, path.join(work, 'once.squashfs'), options);
    const two = await packSquashfs(twice, path.join(work, 'twice.squashfs'), options);
    expect(two.size).toBe(one.size);
    expect(two.fileBytes).toBe(2 * one.fileBytes);
  });

  test('leaves out what the patterns name', async () => {
    const image = path.join(work, 'exclude.squashfs');
    await packSquashfs(tree, image, {
      compressor: 'lz4',
      blockSize: BLOCK,
      exclude: ['many', 'deep/**', '**/tail-[1-3]*', 'files/?inary'],
    });
    const { stdout } = await run(['unsquashfs', '-l', image]);
    const listed = stdout.split('\n').filter((line) => line.startsWith('squashfs-root'));
    expect(listed).toContain('squashfs-root/deep');
    expect(listed).toContain('squashfs-root/files/tail-4');
    for (const gone of [
      'many',
      'deep/kind',
      'files/tail-1',
      'files/tail-3-again',
      'files/binary',
    ]) {
      expect(listed).not.toContain(`squashfs-root/${gone}`);
    }
  });

  test('takes later times back to sourceDateEpoch', async () => {
    const image = path.join(work, 'epoch.squashfs');
    const options = {
      compressor: 'lz4',
      blockSize: BLOCK,
      sourceDateEpoch: 1_650_000_000,
    } as const;
    await packSquashfs(path.join(tree, 'files'), image, options);
    const { stdout } = await run(['unsquashfs', '-lln', '-d', '', image], { env: { TZ: 'UTC' } });
    const timeOf = (name: string): string | undefined =>
      stdout
        .split('\n')
        .find((line) => line.endsWith(`/${name}`))
        ?.split(/\s+/)
        .slice(-3, -1)
        .join(' ');
    expect(timeOf('after-2038')).toBe('2022-04-15 05:20');
    expect(timeOf('small')).toBe('2020-09-13 12:26');
  });

  test('keeps a file of more than 4 GiB', async () => {
    const large = path.join(work, 'large');
    await mkdir(large);
    const script =
      'echo begin >f; truncate -s 5G f; echo middle >>f; truncate -s 6G f; echo end >>f';
    await run(['sh', '-c', script], { cwd: large });
    const image = path.join(work, 'large.squashfs');
    const { size } = await packSquashfs(large, image, { compressor: 'zstd', blockSize: BLOCK });
    expect(size).toBeLessThan(100_000);
    const read = 'stat -c %s f; head -c 5 f; tail -c +5368709121 f | head -c 6; tail -c 4 f';
    const { stdout } = await run([
      ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc'],
      `mount -o loop,ro "$1" "$2"; cd "$2"; ${read}`,
      ...['sh', image, large],
    ]);
    expect(stdout).toBe('6442450948\nbeginmiddleend\n');
    await rm(large, { recursive: true });
  });

  test('packs an overlayfs mount as it is seen', async () => {
    const names = ['lower', 'upper', 'scratch', 'merged'];
    const [lower = '', upper = '', scratch = '', merged = ''] = names.map((name) =>
      path.join(work, `overlay-${name}`),
    );
    await run(['mkdir', lower, upper, scratch]);
    await run(['cp', '-a', path.join(tree, 'links'), path.join(tree, 'attributes'), lower]);
    await run(['mkdir', merged]);
    const mount = `mount -t overlay overlay -o 'lowerdir=${lower},upperdir=${upper},workdir=${scratch}' '${merged}'`;
    const pack = [
      `import { packSquashfs } from '${new URL('../../../dist/src/archive/pack/pack-squashfs.js', import.meta.url).href}';`,
      `await packSquashfs('${merged}', '${merged}.squashfs', { compressor: 'zstd', blockSize: ${String(BLOCK)} });`,
    ].join('\n');
    const change =
      'echo changed >>links/a/first; rm links/dangling; ln links/b/second links/new; mkdir fresh';
    const settled = path.join(work, 'overlay-settled');
    await run([
      ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc'],
      `${mount}; cd '${merged}'; ${change}; cp -a . '${settled}'; "$0" --input-type=module -e "$1"`,
      ...[process.execPath, pack],
    ]);
    const before = `mount -o loop,ro '${merged}.squashfs' '${merged}'`;
    expect(await snapshot(merged, { before })).toEqual(await snapshot(settled));
  });
});
