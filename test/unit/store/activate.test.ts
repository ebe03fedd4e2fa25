import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReleaseManifest } from '../../../src/contract/release-manifest.js';
import { activate, activateBuilt, holdBuilt, rollBack } from '../../../src/store/activate.js';
import { hold, NOT_SWITCHED_YET } from '../../../src/store/held.js';
import { listReleases } from '../../../src/store/releases.js';
import { readRolledBack, rolledBackBy } from '../../../src/store/rolled-back.js';
import { Store } from '../../../src/store/store.js';
import {
  digestOf,
  standardArtifacts,
  standardProfile,
  StoreFixture,
} from '../../support/store-fixture.js';

let fixture: StoreFixture;
let store: Store;

beforeEach(async () => {
  fixture = await StoreFixture.create();
  store = new Store(fixture.directory);
});

afterEach(async () => {
  await fixture.remove();
});

const id = (second: number): string => `20261120T1405${String(second).padStart(2, '0')}Z-0000`;
const current = async (): Promise<string | undefined> => (await store.current())?.id;

/** A release with a base of its own that boots these profiles. */
async function add(second: number, profiles: readonly string[] = []): Promise<ReleaseManifest> {
  const content = `base of ${String(second)}`;
  const base = { kind: 'base', fileName: 'base.trixie.squashfs', content } as const;
  return await fixture.addRelease({
    id: id(second),
    artifacts: [base, ...standardArtifacts.filter(({ kind }) => kind !== 'base')],
    profiles: profiles.map((name) => ({ ...standardProfile, name })),
  });
}

/** As a build leaves it before the switch. */
async function addNew(second: number): Promise<ReleaseManifest> {
  await hold(store, id(second), NOT_SWITCHED_YET);
  return await add(second);
}

/** The last one is current. */
async function releases(count: number): Promise<void> {
  for (let second = 1; second <= count; second += 1) {
    await add(second);
    await fixture.switchTo(id(second));
  }
}

describe('rollBack()', () => {
  test('rollBack() switches to the release before, and then to the one before that', async () => {
    await releases(3);
    expect(await rollBack(store)).toEqual({ before: id(3), now: id(2), lost: [] });
    expect(await rollBack(store)).toEqual({ before: id(2), now: id(1), lost: [] });
    await expect(rollBack(store)).rejects.toMatchObject({ code: 'NO_RELEASE_BEFORE', exitCode: 2 });
    expect(await current()).toBe(id(1));
  });

  test('rollBack() passes over a release that is not whole, and refuses it by name', async () => {
    await releases(3);
    await rm(store.objectPath(digestOf('base of 2')));
    await expect(rollBack(store, id(2))).rejects.toMatchObject({ code: 'RELEASE_INCOMPLETE' });
    expect(await current()).toBe(id(3));
    expect((await rollBack(store)).now).toBe(id(1));
  });

  test('rollBack() passes over a release that was never current', async () => {
    await releases(1);
    await holdBuilt(store, await addNew(2));
    await add(3);
    await fixture.switchTo(id(3));
    expect((await rollBack(store)).now).toBe(id(1));
  });

  test('rollBack() switches forward again to a release that is named', async () => {
    await releases(2);
    await rollBack(store);
    expect(await rollBack(store, id(2))).toEqual({ before: id(1), now: id(2), lost: [] });
    expect(await current()).toBe(id(2));
  });

  test('rollBack() says what was probably meant', async () => {
    await releases(2);
    await expect(rollBack(store, '20261120T140501Z-000')).rejects.toMatchObject({
      code: 'RELEASE_UNKNOWN',
      exitCode: 2,
      hint: `did you mean "${id(1)}"?`,
    });
  });

  test('rollBack() does not wait for a build', async () => {
    await releases(2);
    await using _lock = await store.lock('onib build');
    expect((await rollBack(store)).now).toBe(id(1));
  });

  test('rollBack() makes no store where there is none', async () => {
    const none = new Store(path.join(fixture.directory, 'none'));
    await expect(rollBack(none)).rejects.toMatchObject({ code: 'NO_RELEASE_BEFORE' });
    await expect(readFile(path.join(none.directory, 'switch.lock'))).rejects.toThrow('ENOENT');
  });

  test('rollBack() refuses a release that cannot boot what the current one boots', async () => {
    await add(1, ['discovery']);
    await add(2, ['discovery', 'erase']);
    await fixture.switchTo(id(2));
    await expect(rollBack(store)).rejects.toMatchObject({
      code: 'PROFILES_LOST',
      exitCode: 1,
      message: `Cannot make release "${id(1)}" current: nodes would lose "erase", which release ${id(2)} boots`,
      details: [`erase: release ${id(1)} has no such profile`],
      hint: `onib activate ${id(1)} does it nevertheless`,
    });
    expect(await current()).toBe(id(2));
  });
});

describe('activate()', () => {
  test('activate() switches to a release that boots less, and tells what is lost', async () => {
    await add(1, ['discovery']);
    await add(2, ['discovery', 'erase']);
    await fixture.switchTo(id(2));
    expect(await activate(store, id(1))).toEqual({
      before: id(2),
      now: id(1),
      lost: [{ profile: 'erase', reason: `release ${id(1)} has no such profile` }],
    });
    expect(await current()).toBe(id(1));
  });
});

describe('activateBuilt()', () => {
  test('activateBuilt() makes what was built current', async () => {
    await add(1, ['discovery']);
    await fixture.switchTo(id(1));
    expect(await activateBuilt(store, await add(2, ['discovery']), id(1))).toEqual({
      current: true,
    });
    expect(await current()).toBe(id(2));
  });

  test('activateBuilt() makes the first release current, whatever it can boot', async () => {
    expect(await activateBuilt(store, await add(1), undefined)).toEqual({ current: true });
  });

  test('activateBuilt() holds a release by which a profile would be lost', async () => {
    await add(1, ['discovery']);
    await fixture.switchTo(id(1));
    const missing = { profile: 'discovery', reason: 'overlay "discovery" is not built' };
    const made = { ...(await addNew(2)), created: '2026-11-21T14:05:01Z', incomplete: [missing] };
    const activation = await activateBuilt(store, made, id(1));
    expect(activation).toMatchObject({
      current: false,
      problem: {
        code: 'PROFILES_LOST',
        details: ['discovery: overlay "discovery" is not built'],
        hint: `onib build all makes what is missing; onib activate ${id(2)} does it nevertheless`,
      },
    });
    expect(await current()).toBe(id(1));
    const [newest] = await listReleases(store);
    expect(newest?.held).toContain('nodes would lose "discovery"');
    await activate(store, id(2));
    expect((await listReleases(store))[0]).not.toHaveProperty('held');
  });

  test("activateBuilt() leaves an operator's rollback of meanwhile alone", async () => {
    await releases(2);
    await rollBack(store);
    expect(await activateBuilt(store, await add(3), id(2))).toMatchObject({
      current: false,
      problem: {
        code: 'SWITCHED_MEANWHILE',
        exitCode: 1,
        message: `Cannot make release "${id(3)}" current: while it was built, somebody switched from ${id(2)} to ${id(1)}`,
        hint: `onib activate ${id(3)}`,
      },
    });
    expect(await current()).toBe(id(1));
    expect(await readRolledBack(store)).toMatchObject({ release: id(1), from: id(2) });
  });

  test('activateBuilt() and rollBack() at the same time leave one of both, and no leftover', async () => {
    await releases(2);
    const made = await add(3);
    await Promise.allSettled([
      activateBuilt(store, made, id(2)),
      rollBack(store, id(1)),
      rollBack(store, id(1)),
    ]);
    // Whichever came first, the rollback stands: a build that comes later sees it.
    expect(await current()).toBe(id(1));
    await expect(readFile(path.join(store.directory, '.next-current'))).rejects.toThrow('ENOENT');
  });
});

describe('holdBuilt()', () => {
  test('holdBuilt() does not call a release never current that somebody went back from', async () => {
    await releases(3);
    await rollBack(store);
    // A build makes just what that one holds.
    await holdBuilt(store, await store.release(id(3)));
    expect((await listReleases(store))[0]).not.toHaveProperty('held');
    await activate(store, id(3));
    await rollBack(store);
    await addNew(4);
    await activate(store, id(4));
    expect((await rollBack(store)).now).toBe(id(3));
  });
});

describe('readRolledBack()', () => {
  test('readRolledBack() tells from which release and when, until another one is current', async () => {
    await releases(3);
    expect(await readRolledBack(store)).toBeUndefined();
    await rollBack(store);
    const first = await readRolledBack(store);
    expect(first).toMatchObject({ release: id(2), from: id(3) });
    await rollBack(store);
    expect(await readRolledBack(store)).toEqual({ ...first, release: id(1) });
    await activate(store, id(3));
    expect(await readRolledBack(store)).toBeUndefined();
  });

  test('readRolledBack() does not count where current was changed by hand', async () => {
    await releases(3);
    await rollBack(store);
    await fixture.switchTo(id(1));
    expect(await readRolledBack(store)).toBeUndefined();
  });

  test('readRolledBack() takes a file that it cannot read for nothing', async () => {
    await releases(1);
    await writeFile(path.join(store.directory, 'rolled-back.json'), '{"schema": 1}');
    expect(await readRolledBack(store)).toBeUndefined();
  });
});

describe('rolledBackBy()', () => {
  const now = new Date('2026-11-20T15:00:00Z');
  const earlier = { release: 'b', from: 'c', since: '2026-11-20T14:00:00.000Z' };

  test.each<[string, string | undefined, string, typeof earlier | undefined, object | undefined]>([
    ['going back', 'c', 'b', undefined, { release: 'b', from: 'c', since: now.toISOString() }],
    ['going on back', 'b', 'a', earlier, { ...earlier, release: 'a' }],
    ['half way forward', 'a', 'b', { ...earlier, release: 'a' }, earlier],
    ['forward to where it began', 'b', 'c', earlier, undefined],
    ['beyond it', 'b', 'd', earlier, undefined],
    ['the first release of all', undefined, 'a', undefined, undefined],
  ])('rolledBackBy() of %s', (_what, from, to, before, expected) => {
    const newestFirst = ['d', 'c', 'b', 'a'];
    expect(rolledBackBy({ from, to, now }, before, newestFirst)).toEqual(expected);
  });
});
