import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entryChanges } from '../../../src/archive/contents/diff.js';
import type { ContentEntry } from '../../../src/archive/contents/with-contents.js';
import { parsePackages } from '../../../src/archive/contents/package-list.js';
import { versionChanges, versionsOf } from '../../../src/core/version-changes.js';
import { followPath } from '../../../src/archive/contents/read.js';
import { readSegments } from '../../../src/archive/contents/segments.js';
import { changesBy, directoryOf, totalsBy } from '../../../src/archive/contents/totals.js';
import { encodeNewc } from '../../../src/archive/newc/writer.js';
import { modeText } from '../../../src/cli/show/contents-view.js';
import { arbitraryTree } from './arbitrary-tree.js';

const none = { link: undefined, target: undefined, device: undefined, xattrs: [] };
const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 5, size: 0, ...none };

function table(
  ...entries: (Partial<ContentEntry> & { path: string })[]
): Map<string, ContentEntry> {
  return new Map(entries.map((entry) => [entry.path, { ...plain, kind: 'file', ...entry }]));
}

const changed = (
  a: ReadonlyMap<string, ContentEntry>,
  b: ReadonlyMap<string, ContentEntry>,
  sameContent = true,
): unknown[] =>
  entryChanges(a, b, () => sameContent).map((change) => [
    change.path,
    change.change === 'changed' ? change.differs.join(' ') : change.change,
  ]);

describe('entryChanges()', () => {
  test('tells what came, went and differs', () => {
    const before = table(
      { path: 'gone' },
      { path: 'same', size: 3 },
      { path: 'mode', mode: 0o4755, uid: 7 },
      { path: 'size', size: 1 },
      { path: 'turned', kind: 'directory' },
      { path: 'link', kind: 'symlink', target: 'a' },
      { path: 'node', kind: 'block', device: { major: 8, minor: 1 } },
      { path: 'xattr', xattrs: [{ name: 'user.x', value: Buffer.from('1') }] },
      { path: 'time' },
    );
    const after = table(
      { path: 'mode', mode: 0o755 },
      { path: 'new' },
      { path: 'same', size: 3 },
      { path: 'size', size: 2 },
      { path: 'turned', kind: 'file' },
      { path: 'link', kind: 'symlink', target: 'b' },
      { path: 'node', kind: 'block', device: { major: 8, minor: 2 } },
      { path: 'xattr', xattrs: [{ name: 'user.x', value: Buffer.from('2') }] },
      { path: 'time', mtime: 6 },
    );
    expect(changed(before, after)).toEqual([
      ['gone', 'removed'],
      ['link', 'target'],
      ['mode', 'mode owner'],
      ['new', 'added'],
      ['node', 'device'],
      ['size', 'size'],
      ['time', 'time'],
      ['turned', 'type'],
      ['xattr', 'xattr'],
    ]);
    expect(changed(before, before)).toEqual([]);
    expect(changed(before, before, false)).toEqual([
      ['same', 'content'],
      ['size', 'content'],
    ]);
  });

  test('looks at which names are linked, not at their numbers', () => {
    const one = table({ path: 'a', link: '1' }, { path: 'b', link: '1' }, { path: 'c' });
    const renumbered = table({ path: 'a', link: '9' }, { path: 'b', link: '9' }, { path: 'c' });
    const other = table({ path: 'a', link: '1' }, { path: 'b' }, { path: 'c', link: '1' });
    expect(changed(one, renumbered)).toEqual([]);
    expect(changed(one, other)).toEqual([
      ['a', 'links'],
      ['b', 'links'],
      ['c', 'links'],
    ]);
  });
});

test('followPath() follows links inside the artifact, and not out of it or for ever', () => {
  const entries = table(
    { path: '', kind: 'directory' },
    { path: 'lib', kind: 'symlink', target: 'usr/lib' },
    { path: 'usr', kind: 'directory' },
    { path: 'usr/lib', kind: 'directory' },
    { path: 'usr/lib/os-release', size: 9 },
    { path: 'usr/lib/up', kind: 'symlink', target: '../../../../lib/os-release' },
    { path: 'absolute', kind: 'symlink', target: '/lib/os-release' },
    { path: 'round', kind: 'symlink', target: 'and' },
    { path: 'and', kind: 'symlink', target: 'round' },
    { path: 'out', kind: 'symlink', target: '../../etc/passwd' },
  );
  for (const way of ['lib/os-release', '/usr/lib/../lib/os-release', 'usr/lib/up', './absolute']) {
    expect(followPath(entries, way)?.path).toBe('usr/lib/os-release');
  }
  expect(followPath(entries, '/')?.path).toBe('');
  for (const way of ['round', 'out', 'usr/none', 'lib/os-release/x']) {
    expect(followPath(entries, way)).toBeUndefined();
  }
});

test('totalsBy() counts linked names once, largest first; changesBy() leaves out what is even', () => {
  const entries = table(
    { path: 'usr/lib/a/x', size: 10, link: '1' },
    { path: 'usr/lib/b', size: 10, link: '1' },
    { path: 'usr/share/doc', size: 30 },
    { path: 'etc/motd', size: 2 },
    { path: 'init', size: 1 },
  );
  expect(totalsBy(entries.values(), directoryOf)).toEqual([
    { name: 'usr/share', bytes: 30, files: 1 },
    { name: 'usr/lib', bytes: 10, files: 1 },
    { name: 'etc', bytes: 2, files: 1 },
    { name: 'init', bytes: 1, files: 1 },
  ]);
  const after = table(
    { path: 'etc/motd', size: 2, mode: 0o600 },
    { path: 'usr/share/doc', size: 5 },
  );
  const changes = entryChanges(entries, after, () => true);
  expect(changesBy(changes, directoryOf)).toEqual([
    { name: 'usr/share', bytes: -25, files: 1 },
    { name: 'usr/lib', bytes: -20, files: 2 },
    { name: 'init', bytes: -1, files: 1 },
  ]);
});

test('parsePackages() and versionChanges() tell which packages changed', () => {
  const installed = parsePackages(
    'Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: c\nStatus: install ok installed\nDescription: x\n Version: no\nVersion: 2:3\n',
  );
  const before = versionsOf(installed);
  expect([...before]).toEqual([
    ['a', '1'],
    ['c', '2:3'],
  ]);
  expect(
    versionChanges(
      before,
      new Map([
        ['c', '2:4'],
        ['d', '1'],
      ]),
    ),
  ).toEqual([
    { package: 'a', before: '1' },
    { package: 'c', before: '2:3', after: '2:4' },
    { package: 'd', after: '1' },
  ]);
});

test.each([
  ['file', 0o4755, '-rwsr-xr-x'],
  ['file', 0o2640, '-rw-r-S---'],
  ['directory', 0o1777, 'drwxrwxrwt'],
  ['directory', 0o1000, 'd--------T'],
  ['symlink', 0o777, 'lrwxrwxrwx'],
] as const)('modeText() writes a %s of mode %o as ls does', (kind, mode, text) => {
  expect(modeText({ kind, mode })).toBe(text);
});

describe('readSegments()', () => {
  let directory: string;
  let file: string;

  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'onib-segments-'));
    file = path.join(directory, 'initrd');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  async function names(bytes: Buffer): Promise<string[]> {
    writeFileSync(file, bytes);
    const found: string[] = [];
    for await (const { segment, member } of readSegments(file)) {
      found.push(`${String(segment)} ${member.name}`);
    }
    return found;
  }

  const [tree] = fc.sample(arbitraryTree, { numRuns: 1, seed: 3 });
  const read = ({ size }: { size: number }): Buffer[] =>
    size === 0 ? [] : [Buffer.alloc(size, 'c')];
  const archive =
    tree === undefined ? Buffer.alloc(0) : Buffer.concat([...encodeNewc(tree, [], read)]);

  test('reads gzip members that follow each other as one archive', async () => {
    const [head, tail] = [archive.subarray(0, 200), archive.subarray(200)];
    const whole = await names(archive);
    expect(await names(Buffer.concat([gzipSync(head), gzipSync(tail)]))).toEqual(whole);
    expect(whole.length).toBeGreaterThan(1);
  });

  test('ends on any damage, with an error of its own', async () => {
    const bytes = Buffer.concat([archive, Buffer.alloc(8), gzipSync(archive)]);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const cut = fc.option(fc.nat(bytes.length), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), cut, async (changes, length) => {
        const damaged = Buffer.from(bytes);
        for (const [at, byte] of changes) damaged[at] = byte;
        await names(damaged.subarray(0, length)).catch((error: unknown) => {
          expect(['ARCHIVE_CORRUPT', 'ARCHIVE_COMPRESSION']).toContain(
            (error as { code?: string }).code,
          );
        });
      }),
      { numRuns: 1000 },
    );
  });
});
