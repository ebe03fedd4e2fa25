/** Looking into artifacts: what the ordinary tools made, and what packing made of the corpus. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareArtifacts } from '../../../src/archive/contents/compare.js';
import { withContents, type ContentEntry } from '../../../src/archive/contents/with-contents.js';
import { extractContents } from '../../../src/archive/contents/extract.js';
import { contentDigests } from '../../../src/archive/contents/read.js';
import { packOverlay } from '../../../src/archive/pack/pack-overlay.js';
import { packSquashfs } from '../../../src/archive/pack/pack-squashfs.js';
import { unsignedTime } from '../../../src/archive/bytes/unsigned-time.js';
import { run } from '../../../src/host/run.js';
import { makeCorpus, snapshot } from './corpus.js';

let work: string;
let tree: string;
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'onib-contents-'));
  tree = at('tree');
  await mkdir(tree);
  await makeCorpus(tree);
  await packSquashfs(tree, at('image'), { compressor: 'zstd', level: 3, blockSize: 131_072 });
  await packOverlay(tree, at('overlay'));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

/** All fields and contents, but for numbers that name links. */
async function facts(file: string): Promise<unknown[]> {
  return await withContents(file, async (contents) => {
    const files = [...contents.entries.values()].filter(({ kind }) => kind === 'file');
    const digests = await contentDigests(contents, new Set(files.map((one) => one.path)));
    return [...contents.entries.values()].map(({ link, xattrs, ...entry }: ContentEntry) => ({
      ...entry,
      isLinked: link !== undefined,
      xattrs: xattrs.map(({ name, value }) => `${name}=${value.toString('hex')}`),
      digest: digests.get(entry.path),
    }));
  });
}

test('withContents() sees the same in a squashfs and a cpio of one tree', async () => {
  const image = await facts(at('image'));
  const overlay = await facts(at('overlay'));
  expect(image.length).toBeGreaterThan(1800);
  // Linked nodes are one inode in both; only cpio has no word for their links. squashfs has 32 bits for a time.
  const files = (all: unknown[]): unknown[] =>
    all.map((entry) => {
      const facts = entry as { kind: string; isLinked: boolean; mtime: number };
      const { kind, isLinked, mtime } = facts;
      return { ...facts, isLinked: kind === 'file' && isLinked, mtime: unsignedTime(mtime) };
    });
  expect(files(overlay)).toEqual(files(image));
});

test('withContents() reads an initrd of several archives, each compressed in another way', async () => {
  const script = `mkdir -p one two; echo early >one/same; echo a >one/a; ln one/a one/b; echo late >two/same
    archive() { (cd "$1"; find . | cpio -o -H newc --quiet); }
    archive one >initrd; head -c 512 /dev/zero >>initrd
    archive two | gzip >>initrd; archive one | xz --check=crc32 >>initrd; head -c 4 /dev/zero >>initrd
    archive two | zstd -q >>initrd; archive two | xz --format=lzma >>initrd`;
  await run(['sh', '-euc', script], { cwd: work });
  await withContents(at('initrd'), async (contents) => {
    expect(contents.segments.map(({ compression }) => compression)).toEqual([
      'none',
      'gzip',
      'xz',
      'zstd',
      'lzma',
    ]);
    expect([...contents.entries.keys()]).toEqual(['', 'a', 'b', 'same']);
    const texts: string[] = [];
    for await (const { path: name, bytes } of contents.files(() => true)) {
      for await (const piece of bytes) texts.push(`${name}: ${piece.toString()}`);
    }
    // What comes last under a name is what the kernel leaves there.
    expect(texts.sort()).toEqual(['a: a\n', 'b: a\n', 'same: late\n']);
  });
});

test('withContents() refuses what is no archive, and a compression that it does not know', async () => {
  await run(['sh', '-euc', 'echo text >text; printf BZh91AY >bzip2'], {
    cwd: work,
  });
  const use = (): void => undefined;
  await expect(withContents(at('text'), use)).rejects.toMatchObject({ code: 'ARCHIVE_UNKNOWN' });
  await expect(withContents(at('bzip2'), use)).rejects.toMatchObject({
    code: 'ARCHIVE_COMPRESSION',
  });
  await expect(withContents(at('none'), use)).rejects.toMatchObject({ code: 'ARCHIVE_MISSING' });
});

describe('extractContents()', () => {
  async function extract(file: string, directory: string): Promise<unknown> {
    return await withContents(file, (contents) => extractContents(contents, directory));
  }

  test.each(['image', 'overlay'])('gives back the tree that was packed: %s', async (name) => {
    const directory = at(`extracted-${name}`);
    expect(await extract(at(name), directory)).toMatchObject({ incomplete: 0 });
    // A cpio archive does not link device nodes.
    // A cpio archive has times that a squashfs cannot hold.
    const options = { wholeTimes: name === 'overlay' };
    const lines = async (of: string): Promise<string[]> =>
      (await snapshot(of, options)).filter((line) => !line.startsWith('./special/null'));
    expect(await lines(directory)).toEqual(await lines(tree));
    await rm(directory, { recursive: true });
  });

  test('takes what it can without root, and counts the rest', async () => {
    const script = `import { withContents } from '${new URL('../../../dist/src/archive/contents/with-contents.js', import.meta.url).href}';
      import { extractContents } from '${new URL('../../../dist/src/archive/contents/extract.js', import.meta.url).href}';
      process.umask(0o022);
      const result = await withContents(process.argv[1], (contents) => extractContents(contents, process.argv[2]));
      console.log(JSON.stringify(result));`;
    await mkdir(at('free'));
    const node = [
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      at('overlay'),
      at('free/out'),
    ];
    // In a user namespace without a mapping the user is nobody, and may read what root owns.
    const { stdout } = await run(['unshare', '--user', ...node]);
    const { entries, incomplete } = JSON.parse(stdout) as { entries: number; incomplete: number };
    // Nothing is this user's own, so every name lacks at least its owner.
    expect([entries > 1800, incomplete]).toEqual([true, entries]);
    const { stdout: text } = await run(['cat', at('free/out/files/small')]);
    expect(text).toBe('small\n');
  });

  test('writes nothing outside, whatever an archive says', async () => {
    // A link out of the directory, and names that would be written through it.
    const script = `mkdir outside evil; archive() { (cd "$1"; echo "$2" | cpio -o -H newc --quiet); }
      ln -s "$PWD/outside" evil/way; archive evil way >link; rm evil/way
      mkdir -p evil/way/sub; touch evil/way/file evil/way/sub/file escaped
      archive evil way/file | cat link - >evil-file.cpio; archive evil way/sub/file | cat link - >evil-sub.cpio
      archive evil ../escaped >evil-up.cpio; rm escaped`;
    await run(['sh', '-euc', script], { cwd: work });
    for (const name of ['evil-file.cpio', 'evil-sub.cpio', 'evil-up.cpio']) {
      await expect(extract(at(name), at('hostile'))).rejects.toMatchObject({
        code: 'ARCHIVE_CORRUPT',
      });
      await rm(at('hostile'), { recursive: true, force: true });
    }
    const { stdout } = await run(
      ['sh', '-c', 'find outside -mindepth 1; ls -d escaped 2>/dev/null; true'],
      { cwd: work },
    );
    expect(stdout).toBe('');
  });

  test('leaves a directory alone that is there', async () => {
    await expect(extract(at('image'), tree)).rejects.toMatchObject({
      code: 'EXTRACT_TARGET',
      exitCode: 2,
    });
  });
});

describe('compareArtifacts()', () => {
  test('finds no difference between a squashfs and a cpio of one tree', async () => {
    const { changes, packages } = await compareArtifacts(at('image'), at('overlay'));
    // Linked device nodes are told apart by squashfs alone, and times of more than 32 bits by cpio.
    const others = changes.filter(({ path: name }) => !name.startsWith('special/null'));
    expect(others).toMatchObject([
      { path: 'files/after-2106', differs: ['time'] },
      { path: 'files/before-1970', differs: ['time'] },
    ]);
    expect(packages).toEqual([]);
  });

  test('tells what a change and an upgrade of a package did', async () => {
    const script = `mkdir root; mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates root/usr/lib; ln -s usr/lib root/lib
      : >root/var/lib/dpkg/status
      package() { # version, bytes
        mkdir -p p/DEBIAN p/lib/sample; head -c "$2" /dev/zero | tr '\\0' x >p/lib/sample/data
        printf 'Package: sample\\nVersion: %s\\nArchitecture: all\\nMaintainer: nobody\\nDescription: x\\n' "$1" >p/DEBIAN/control
        dpkg-deb --build --root-owner-group p "sample-$1.deb" >&2
      }
      package 1 1000; package 2 5000
      dpkg --root="$PWD/root" --log=/dev/null --force-script-chrootless -i sample-1.deb >&2`;
    await run(['sh', '-euc', script], { cwd: work });
    const options = { compressor: 'lz4', blockSize: 131_072 } as const;
    await packSquashfs(at('root'), at('before'), options);
    const change = `dpkg --root="$PWD/root" --log=/dev/null --force-script-chrootless -i sample-2.deb >&2
      echo new >root/usr/new; chmod 700 root/usr/lib/sample/data`;
    await run(['sh', '-euc', change], { cwd: work });
    await packSquashfs(at('root'), at('after'), options);
    const { changes, packages, byDirectory, byPackage } = await compareArtifacts(
      at('before'),
      at('after'),
    );
    expect(packages).toEqual([{ package: 'sample', before: '1', after: '2' }]);
    expect(byPackage).toContainEqual({
      name: 'sample',
      bytes: 4000,
      files: expect.any(Number) as number,
    });
    expect(byDirectory).toContainEqual({
      name: 'usr/lib',
      bytes: 4000,
      files: expect.any(Number) as number,
    });
    const told = changes.map((one) => [
      one.path,
      one.change === 'changed' ? one.differs : one.change,
    ]);
    expect(told).toContainEqual(['usr/new', 'added']);
    expect(told).toContainEqual(['usr/lib/sample/data', expect.arrayContaining(['mode', 'size'])]);
  });
});
