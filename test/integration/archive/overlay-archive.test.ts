import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { extract } from 'cpio-stream';
import { withContents } from '../../../src/archive/contents/with-contents.js';
import { packOverlay } from '../../../src/archive/pack/pack-overlay.js';
import { run } from '../../../src/host/run.js';
import { BootScript } from '../../unit/initrd/boot-script.js';
import { makeCorpus, sha256File, snapshot } from './corpus.js';

let work: string;
let tree: string;
let archive: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-overlay-'));
  tree = path.join(work, 'tree');
  archive = path.join(work, 'overlay.cpio.gz');
  await mkdir(tree);
  await makeCorpus(tree);
  const { digest } = await packOverlay(tree, archive);
  expect(digest).toBe(`sha256:${await sha256File(archive)}`);
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

/** As the initrd does it; see its lib/layers.sh. */
async function unpackLikeInitrd(file: string, directory: string): Promise<void> {
  await using script = await BootScript.create();
  await mkdir(directory);
  await run([
    'sh',
    '-euc',
    'mkdir "$1"; ln -s /usr/bin/cpio /usr/bin/setfattr "$1"',
    'sh',
    script.path('bin'),
  ]);
  const { stdout, stderr } = await script.run(`
    ONIB_BIN='${script.path('bin')}'
    onib_extract '${file}' '${directory}' && onib_restore_xattrs o '${directory}' &&
      onib_restore_directory_times '${file}' '${directory}' && echo whole`);
  expect([stdout, stderr]).toEqual(['whole\n', '']);
}

test('packOverlay() makes an archive from which the initrd restores the tree', async () => {
  const out = path.join(work, 'out');
  await unpackLikeInitrd(archive, out);
  const options = { wholeTimes: true };
  expect(await snapshot(out, options)).toEqual(await snapshot(tree, options));
});

test('packOverlay() makes with zstd what zstd and GNU cpio unpack, whatever the number of threads', async () => {
  const options = { compressor: 'zstd' } as const;
  const [one, three] = ['one', 'three'].map((name) => path.join(work, `${name}.cpio.zst`));
  const packed = await packOverlay(tree, one ?? '', { ...options, threads: 1 });
  expect(await packOverlay(tree, three ?? '', { ...options, threads: 3 })).toEqual(packed);
  const same =
    'gzip -dc "$1" >unzipped; zstd -dcq "$2" | cmp - unzipped; zstd -lv "$2" | grep -c "^Check: XXH64"';
  await run(['sh', '-euc', same, 'sh', archive, one ?? ''], { cwd: work });
  const out = path.join(work, 'zstd-out');
  await mkdir(out);
  const unpack = 'zstd -dcq "$1" | cpio -idm --quiet; rm -r .onib; find . -printf x | wc -c';
  const { stdout } = await run(['sh', '-euc', unpack, 'sh', one ?? ''], { cwd: out });
  expect(Number(stdout)).toBe((await snapshot(tree)).length);
  await withContents(one ?? '', (contents) => {
    expect(contents.segments).toEqual([
      { compression: 'zstd', entries: expect.any(Number) as number },
    ]);
  });
});

test('packOverlay() writes attributes as getfattr does', async () => {
  const { stdout } = await run([
    'sh',
    '-c',
    'gzip -dc "$1" | cpio -i --quiet --to-stdout .onib/xattrs',
    'sh',
    archive,
  ]);
  const dump = await run(['sh', '-c', 'getfattr -h -d -m - -e hex attributes/capability'], {
    cwd: tree,
  });
  expect(stdout).toContain(dump.stdout);
  expect(stdout).toContain('# file: attributes/opaque/nested\ntrusted.overlay.opaque=0x79\n');
});

test('packOverlay() gives the same bytes for the same tree, whatever the order and the threads', async () => {
  const other = path.join(work, 'other');
  await mkdir(other);
  await makeCorpus(other, 'reversed');
  const again = await packOverlay(other, path.join(work, 'other.cpio.gz'), { threads: 1 });
  expect(again.digest).toBe(`sha256:${await sha256File(archive)}`);
  // No time and no name in the gzip header.
  expect((await readFile(archive)).subarray(0, 10).toString('hex')).toBe('1f8b0800000000000203');
});

test('packOverlay() makes an archive that cpio-stream reads, where names are ASCII', async () => {
  const plain = path.join(work, 'plain');
  await mkdir(plain);
  await run(['cp', '-a', path.join(tree, 'files'), plain]);
  const file = path.join(work, 'plain.cpio.gz');
  await packOverlay(plain, file);
  const seen = new Map<string, number>();
  await new Promise<void>((resolve, reject) => {
    const reader = extract();
    reader.on('entry', (header, content, next) => {
      let length = 0;
      content.on('data', (bytes: Buffer) => (length += bytes.length));
      content.on('end', () => {
        seen.set(header.name, length);
        next();
      });
      content.resume();
    });
    reader.on('finish', resolve);
    reader.on('error', reject);
    createReadStream(file).pipe(createGunzip()).on('error', reject).pipe(reader);
  });
  expect(seen.get('files/binary')).toBe(700_000);
  expect(seen.get('files/one-block')).toBe(131_072);
  expect(seen.has('files/empty-directory')).toBe(true);
});

test('packOverlay() keeps what overlayfs deleted and leaves out what it noted for itself', async () => {
  const [lower = '', upper = '', scratch = '', merged = ''] = ['l', 'u', 'w', 'm'].map((name) =>
    path.join(work, `overlayfs-${name}`),
  );
  await run(['mkdir', lower, upper, scratch, merged]);
  await run(['sh', '-euc', 'mkdir gone turned; touch gone/a turned/b deleted kept'], {
    cwd: lower,
  });
  await run([
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc'],
    'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"; cd "$4"; rm deleted kept; echo new >kept; rm -r gone; rm -r turned; mkdir turned; chmod 700 .',
    ...['sh', lower, upper, scratch, merged],
  ]);
  const file = path.join(work, 'overlayfs.cpio.gz');
  await packOverlay(upper, file);
  const out = path.join(work, 'overlayfs-out');
  await unpackLikeInitrd(file, out);
  const dump = 'gzip -dc "$1" | cpio -i --quiet --to-stdout .onib/xattrs';
  const { stdout } = await run(['sh', '-euc', dump, 'sh', file]);
  expect(stdout).toBe('# file: turned\ntrusted.overlay.opaque=0x79\n\n');
  const stacked = await run([
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc'],
    'mount -t overlay overlay -o "lowerdir=$1:$2" "$3"; cd "$3"; find . | sort; stat -c %a .',
    ...['sh', out, lower, merged],
  ]);
  expect(stacked.stdout).toBe('.\n./kept\n./turned\n700\n');
});
