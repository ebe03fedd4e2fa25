import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  ArtifactContents,
  ContentEntry,
} from '../../../src/archive/contents/with-contents.js';
import { addedPackages, parsePackages } from '../../../src/archive/contents/package-list.js';
import { PackageOrigins } from '../../../src/build/checks/package-origins.js';

const STATUS = `Package: libc6
Status: install ok installed
Installed-Size: 12997
Architecture: amd64
Source: glibc (2.41-12)
Version: 2.41-12+b1
Description: GNU C Library
 Package: no field

Package: busybox
Status: hold ok installed
Architecture: amd64
Version: 1:1.37.0-6

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
`;

let tree: string;

beforeEach(async () => {
  tree = await mkdtemp(path.join(tmpdir(), 'onib-origins-'));
  await put('var/lib/dpkg/status', STATUS);
  await put(
    'var/lib/dpkg/info/libc6:amd64.list',
    '/.\n/usr/lib/libc.so.6\n/usr/bin/ldd\n/etc/libc.conf\n',
  );
  await put('var/lib/dpkg/info/libc6:amd64.md5sums', `${md5('libc')}  usr/lib/libc.so.6\n`);
  await put('var/lib/dpkg/info/busybox.list', '/.\n/bin/busybox\n');
  await put('var/lib/dpkg/info/busybox.md5sums', `${md5('busybox')}  bin/busybox\n`);
});

afterEach(async () => {
  await rm(tree, { recursive: true });
});

async function put(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(tree, file)), { recursive: true });
  await writeFile(path.join(tree, file), text);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function archive(files: Readonly<Record<string, string>>): ArtifactContents {
  const names = Object.keys(files);
  const entry = (name: string): ContentEntry => ({
    ...{ path: name, kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: [] },
    ...{ size: files[name]?.length ?? 0, link: undefined, target: undefined, device: undefined },
  });
  return {
    format: 'cpio',
    segments: [],
    entries: new Map(names.map((name) => [name, entry(name)])),
    // eslint-disable-next-line @typescript-eslint/require-await -- the bytes are there already
    async *files(wanted) {
      for (const name of names.filter(wanted)) {
        yield { path: name, bytes: Readable.from([Buffer.from(files[name] ?? '')]) };
      }
    },
  };
}

async function named(files: Readonly<Record<string, string>>): Promise<string[]> {
  const origins = await PackageOrigins.read(tree);
  return (await origins.ofContents(archive(files))).map(({ name }) => name);
}

describe('parsePackages()', () => {
  it('reads what is installed, with source and bytes', () => {
    expect(parsePackages(STATUS)).toEqual([
      {
        ...{ name: 'busybox', version: '1:1.37.0-6', architecture: 'amd64' },
        ...{ source: 'busybox', installedSize: 0 },
      },
      {
        ...{ name: 'libc6', version: '2.41-12+b1', architecture: 'amd64' },
        ...{ source: 'glibc', installedSize: 12997 * 1024 },
      },
    ]);
    expect(parsePackages('')).toEqual([]);
  });
});

describe('addedPackages()', () => {
  it('gives those that are new or of another version', () => {
    const [busybox, libc] = parsePackages(STATUS);
    if (busybox === undefined || libc === undefined) throw new Error('two packages');
    const newer = { ...libc, version: '2.42' };
    expect(addedPackages([busybox, newer], [libc])).toEqual([busybox, newer]);
    expect(addedPackages([busybox, libc], [libc])).toEqual([busybox]);
  });
});

describe('PackageOrigins', () => {
  it('knows a file by its digest wherever it is, and by its path when it was changed', async () => {
    expect(await named({ 'usr/lib/onib/libc': 'libc' })).toEqual(['libc6']);
    expect(await named({ 'etc/libc.conf': 'changed' })).toEqual(['libc6']);
    expect(await named({ 'usr/bin/busybox': 'changed' })).toEqual(['busybox']);
    expect(await named({ 'usr/bin/other': 'other', 'usr/bin/empty': '' })).toEqual([]);
  });

  it('knows what packages ship, files of configuration too', async () => {
    const conffiles = `Conffiles:\n /etc/libc.conf ${md5('conf')}\n /etc/old ${md5('old')} obsolete\n`;
    await put('var/lib/dpkg/status', STATUS.replace('Description: GNU', `${conffiles}$&`));
    const { shipped } = await PackageOrigins.read(tree);
    const known = ['libc', 'busybox', 'conf', 'old', 'changed'].filter((one) =>
      shipped.has(md5(one)),
    );
    expect(known).toEqual(['libc', 'busybox', 'conf', 'old']);
  });

  it('takes a link of busybox for busybox, whatever its name', async () => {
    expect(await named({ 'usr/bin/ldd': 'busybox' })).toEqual(['busybox']);
  });

  it('knows one file by its path', async () => {
    const origins = await PackageOrigins.read(tree);
    expect(origins.ofPath('etc/libc.conf').map(({ name }) => name)).toEqual(['libc6']);
    expect(origins.ofPath('etc/other')).toEqual([]);
  });
});
