import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WarningEvent } from '../../../../boot-server/events.js';
import { StoreWatch } from '../../../../boot-server/release/store-watch.js';
import { createStore, StoreFixture } from '../../../support/store-fixture.js';

const RELEASE = '20261120T140501Z-3f9c';

let store: StoreFixture;
let watch: StoreWatch | undefined;
const warnings: WarningEvent[] = [];

beforeEach(async () => {
  warnings.length = 0;
  store = await createStore();
});

afterEach(async () => {
  watch?.stop();
  watch = undefined;
  await store.remove();
});

async function start(directory = store.directory): Promise<StoreWatch> {
  watch = await StoreWatch.start({
    store: directory,
    onChange: () => undefined,
    onWarning: (warning) => warnings.push(warning),
  });
  return watch;
}

const codes = (): string[] => warnings.map(({ code }) => code);

describe('StoreWatch.start()', () => {
  it('start() refuses a directory that is not there, and what is no directory', async () => {
    const missing = path.join(store.directory, 'nowhere');
    await expect(start(missing)).rejects.toMatchObject({ code: 'STORE_MISSING', exitCode: 2 });
    await writeFile(missing, '');
    await expect(start(missing)).rejects.toMatchObject({
      message: `Cannot serve store "${missing}": it is no directory`,
    });
  });

  it('start() takes an empty directory for a store without a release, without a word', async () => {
    const empty = await StoreFixture.create();
    expect((await start(empty.directory)).catalogue.current).toBeUndefined();
    expect(warnings).toEqual([]);
    await empty.remove();
  });

  it('start() says that a copied "current" names a release that is not there', async () => {
    const copy = path.join(store.directory, 'copy');
    await mkdir(copy);
    await symlink(`releases/${RELEASE}`, path.join(copy, 'current'));
    await start(copy);
    expect(warnings).toMatchObject([
      { code: 'CURRENT_DANGLING', message: expect.stringContaining(RELEASE) as string },
    ]);
  });

  it('start() says that a copy followed the link "current"', async () => {
    await rm(path.join(store.directory, 'current'));
    await mkdir(path.join(store.directory, 'current'));
    await start();
    expect(codes()).toEqual(['CURRENT_NO_LINK']);
  });

  it('start() says that releases come without objects', async () => {
    await rm(path.join(store.directory, 'objects'), { recursive: true });
    expect((await start()).catalogue.current?.id).toBe(RELEASE);
    expect(codes()).toEqual(['OBJECTS_MISSING']);
  });
});

describe('refresh()', () => {
  it('refresh() goes on with what it knows while the store is gone, and tells each loss once', async () => {
    const running = await start();
    const away = `${store.directory}.away`;
    for (const losses of [1, 2]) {
      await rename(store.directory, away);
      await running.refresh();
      expect((await running.refresh()).current?.id).toBe(RELEASE);
      expect(codes()).toEqual(Array<string>(losses).fill('STORE_MISSING'));
      await rename(away, store.directory);
      await running.refresh();
    }
  });

  it('refresh() keeps serving the release that was current when its link dangles', async () => {
    const running = await start();
    await store.switchTo('gone');
    expect((await running.refresh()).current?.id).toBe(RELEASE);
    expect(codes()).toEqual(['CURRENT_DANGLING']);
  });
});
