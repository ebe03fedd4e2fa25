import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact, ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { Store } from '../../../src/store/store.js';
import { commitTo } from '../../support/store-fixture.js';

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'onib-store-'));
  store = new Store(path.join(directory, 'builds'));
  await using _lock = await store.lock('test');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function artifact(content: string): Promise<Artifact> {
  const file = path.join(directory, 'made');
  await writeFile(file, content);
  return {
    kind: 'base',
    name: 'base',
    fileName: 'base.trixie.squashfs',
    format: 'squashfs',
    architecture: 'amd64',
    inputDigest: `sha256:${'0'.repeat(64)}`,
    inputs: {},
    seconds: 1,
    ...(await store.putObject(file)),
  };
}

function manifest(id: string, artifacts: readonly Artifact[]): ReleaseManifest {
  return {
    schema: 'onib.release/2',
    id,
    created: '2026-11-20T14:05:01.000Z',
    onib: '0.1.0',
    artifacts,
    profiles: [],
  };
}

describe('Store', () => {
  test('putObject() names an object by its sha256', async () => {
    const { digest, size } = await artifact('hello\n');
    // From `printf 'hello\n' | sha256sum`.
    expect(digest).toBe('sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03');
    expect(size).toBe(6);
    expect(await readFile(store.objectPath(digest), 'utf8')).toBe('hello\n');
  });

  test('putObject() takes the same content twice at once', async () => {
    const files = ['a', 'b', 'c'].map((name) => path.join(directory, name));
    for (const file of files) await writeFile(file, 'the same bytes');
    const put = await Promise.all(files.map(async (file) => store.putObject(file)));
    expect(new Set(put.map(({ digest }) => digest)).size).toBe(1);
  });

  test('putObject() keeps one object for equal content', async () => {
    await artifact('same');
    await artifact('same');
    expect(await readdir(path.join(store.directory, 'objects'))).toHaveLength(1);
  });

  test('current() is undefined before the first release', async () => {
    expect(await store.current()).toBeUndefined();
  });

  test('commit() writes friendly names as relative links and switches current', async () => {
    const one = manifest('20261120T140501Z-0001', [await artifact('one')]);
    const two = manifest('20261120T140502Z-0002', [await artifact('two')]);
    await commitTo(store, one);
    expect(await store.current()).toEqual(one);
    const release = await commitTo(store, two);
    expect(await store.current()).toEqual(two);
    expect(await readFile(path.join(release, 'base.trixie.squashfs'), 'utf8')).toBe('two');
    expect(await readlink(path.join(release, 'base.trixie.squashfs'))).toMatch(
      /^\.\.\/\.\.\/objects\/[0-9a-f]{64}$/,
    );
    expect(
      await readFile(path.join(store.releasePath(one.id), 'base.trixie.squashfs'), 'utf8'),
    ).toBe('one');
  });

  test('commit() refuses a release whose object is missing, and current stays', async () => {
    const good = manifest('20261120T140501Z-0001', [await artifact('one')]);
    await commitTo(store, good);
    const bad = { ...(await artifact('x')), digest: `sha256:${'0'.repeat(64)}` as const };
    await expect(commitTo(store, manifest('20261120T140502Z-0002', [bad]))).rejects.toThrow(
      'ENOENT',
    );
    expect(await store.current()).toEqual(good);
  });

  test('commit() takes away what it could not finish', async () => {
    const bad = { ...(await artifact('x')), digest: `sha256:${'0'.repeat(64)}` as const };
    await expect(commitTo(store, manifest('20261120T140502Z-0002', [bad]))).rejects.toThrow(
      'ENOENT',
    );
    expect(await readdir(path.join(store.directory, 'releases'))).toEqual([]);
    expect(await readdir(store.directory)).not.toContain('.new-current');
  });

  test('lock() clears what a killed run left half done', async () => {
    const half = store.releasePath('.new-20261120T140502Z-0002');
    await mkdir(half);
    await writeFile(path.join(half, 'manifest.json'), '{');
    await symlink('releases/20261120T140502Z-0002', path.join(store.directory, '.new-current'));
    await writeFile(path.join(store.directory, 'objects', 'x.7.partial'), 'half');
    await using _lock = await store.lock('again');
    expect(await readdir(path.join(store.directory, 'releases'))).toEqual([]);
    expect(await readdir(path.join(store.directory, 'objects'))).toEqual([]);
    expect(await readdir(store.directory)).not.toContain('.new-current');
  });

  test('release() explains a broken manifest', async () => {
    await commitTo(store, manifest('20261120T140501Z-0001', []));
    const file = path.join(store.releasePath('20261120T140501Z-0001'), 'manifest.json');
    await writeFile(file, '{"schema": "other/1"}');
    await expect(store.current()).rejects.toMatchObject({
      code: 'RELEASE_MANIFEST_INVALID',
      message: `Cannot read release manifest "${file}": its schema is "other/1", known are onib.release/1 and onib.release/2`,
    });
  });
});
