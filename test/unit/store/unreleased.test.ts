import { access, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/contract/release-manifest.js';
import { Store } from '../../../src/store/store.js';
import {
  forgetUnreleased,
  readUnreleased,
  recordUnreleased,
} from '../../../src/store/unreleased.js';
import { digestOf, releaseManifest, StoreFixture } from '../../support/store-fixture.js';

let fixture: StoreFixture;
let store: Store;
let base: Artifact;
let overlay: Artifact;

beforeEach(async () => {
  fixture = await StoreFixture.create();
  store = new Store(fixture.directory);
  const kinds = ['base', 'overlay'] as const;
  const artifacts = kinds.map((kind) => ({ kind, fileName: kind, content: kind }));
  await fixture.addRelease({ artifacts });
  [base, overlay] = releaseManifest({ artifacts }).artifacts as [Artifact, Artifact];
});

afterEach(async () => {
  await fixture.remove();
});

describe('recordUnreleased()', () => {
  test('recordUnreleased() adds, and replaces what has the same kind and name', async () => {
    await recordUnreleased(store, [base]);
    await recordUnreleased(store, [overlay]);
    expect(await readUnreleased(store)).toEqual([base, overlay]);
    const newer = { ...base, seconds: 7 };
    await recordUnreleased(store, [newer]);
    expect(await readUnreleased(store)).toEqual([overlay, newer]);
    expect((await readdir(store.directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('readUnreleased()', () => {
  test('readUnreleased() leaves out what is not whole in the store', async () => {
    await recordUnreleased(store, [base, overlay]);
    await writeFile(store.objectPath(digestOf('base')), 'longer than it was');
    expect(await readUnreleased(store)).toEqual([overlay]);
    await rm(store.objectPath(digestOf('overlay')));
    expect(await readUnreleased(store)).toEqual([]);
  });

  test.each([
    '{"schema": "onib.unre',
    '{"schema": "onib.unreleased/1", "artifacts": [{"kind": "base"}]}',
    '{"schema": "onib.unreleased/1", "artifacts": null}',
  ])('readUnreleased() takes a record that it cannot read for none: %s', async (text) => {
    await writeFile(path.join(store.directory, 'unreleased.json'), text);
    expect(await readUnreleased(store)).toEqual([]);
  });
});

describe('forgetUnreleased()', () => {
  test('forgetUnreleased() keeps what is not in the release, and leaves no file for nothing', async () => {
    await recordUnreleased(store, [base, overlay]);
    await forgetUnreleased(store, [overlay]);
    expect(await readUnreleased(store)).toEqual([base]);
    await forgetUnreleased(store, [{ ...base, digest: digestOf('another base') }]);
    await expect(access(path.join(store.directory, 'unreleased.json'))).rejects.toThrow('ENOENT');
  });
});
