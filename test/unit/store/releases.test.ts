import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { markUsed } from '../../../src/host/used-files.js';
import { HostCache } from '../../../src/host/host-cache.js';
import { collectGarbage, reasonsToKeep } from '../../../src/store/gc.js';
import { keepInputTexts } from '../../../src/store/input-texts.js';
import { listReleases, setPin } from '../../../src/store/releases.js';
import { rollBack } from '../../../src/store/activate.js';
import { FileLock } from '../../../src/host/file-lock.js';
import { Store } from '../../../src/store/store.js';
import { recordUnreleased } from '../../../src/store/unreleased.js';
import { digestOf, StoreFixture } from '../../support/store-fixture.js';

const NOW = Date.parse('2026-11-20T15:00:00Z');
const DAY = 86_400_000;

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

/** Releases of one artifact each, oldest first; the last one is current. */
async function releases(count: number): Promise<void> {
  for (let second = 1; second <= count; second += 1) {
    const content = `base of ${String(second)}`;
    await fixture.addRelease({
      id: id(second),
      artifacts: [{ kind: 'base', fileName: 'base.trixie.squashfs', content }],
      profiles: [],
    });
    await fixture.switchTo(id(second));
  }
}

const objects = async (): Promise<string[]> => await readdir(path.join(store.directory, 'objects'));
const hex = (content: string): string => digestOf(content).slice('sha256:'.length);

describe('listReleases()', () => {
  test('listReleases() tells the newest first, with what is current, pinned and served', async () => {
    await releases(2);
    await setPin(store, id(1), true);
    await mkdir(path.join(store.directory, 'served'));
    await writeFile(path.join(store.directory, 'served', id(1)), '');
    await utimes(path.join(store.directory, 'served', id(1)), NOW / 1000, NOW / 1000);
    expect(await listReleases(store)).toMatchObject([
      { id: id(2), current: true, pinned: false },
      { id: id(1), current: false, pinned: true, served: NOW },
    ]);
  });

  test('listReleases() says what a release lacks', async () => {
    await releases(3);
    await rm(store.objectPath(digestOf('base of 1')));
    await writeFile(store.objectPath(digestOf('base of 2')), 'cut');
    const [, second, first] = await listReleases(store);
    expect(first?.problem).toBe('"base.trixie.squashfs" is not in the store');
    expect(second?.problem).toBe('"base.trixie.squashfs" has 3 bytes instead of 9');
  });
});

describe('setPin()', () => {
  test('setPin() does not wait for a build', async () => {
    await releases(1);
    await using _lock = await store.lock('onib build');
    await setPin(store, 'current', true);
    expect((await listReleases(store))[0]?.pinned).toBe(true);
  });

  test('setPin() makes a file that says since when, and takes it away', async () => {
    await releases(1);
    await setPin(store, 'current', true);
    const file = path.join(store.directory, 'pins', id(1));
    expect(await readFile(file, 'utf8')).toMatch(/^pinned \d{4}-/);
    await setPin(store, id(1), false);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
});

describe('reasonsToKeep()', () => {
  test('reasonsToKeep() keeps current, pinned, served lately and the newest', () => {
    const state = { current: false, pinned: false };
    const judged = reasonsToKeep(
      [
        { ...state, id: 'g' },
        { ...state, id: 'f', current: true },
        { ...state, id: 'e', served: NOW - 6 * DAY },
        { ...state, id: 'd', served: NOW - 8 * DAY },
        { ...state, id: 'c', pinned: true },
        // A boot server whose clock is ahead of ours.
        { ...state, id: 'b', served: NOW + DAY },
        { ...state, id: 'a' },
      ],
      { keep: 2, now: NOW },
    );
    expect(Object.fromEntries(judged.map((one) => [one.id, one.reasons]))).toEqual({
      g: ['among the newest 2'],
      f: ['current', 'among the newest 2'],
      e: ['served 2026-11-14'],
      d: [],
      c: ['pinned'],
      b: ['served 2026-11-21'],
      a: [],
    });
  });
});

describe('collectGarbage()', () => {
  const options = { keep: 1, dryRun: false, cache: new HostCache('/nonexistent'), now: NOW };

  test('collectGarbage() removes releases and what only they need', async () => {
    await releases(3);
    await rollBack(store, id(1));
    const result = await collectGarbage(store, options);
    expect(result).toMatchObject({ removedReleases: [id(2)], removedFiles: 1, freedBytes: 9 });
    expect(await store.releaseIds()).toEqual([id(1), id(3)]);
    expect((await objects()).sort()).toEqual([hex('base of 1'), hex('base of 3')].sort());
  });

  test('collectGarbage() tells the same when it only tries, and changes nothing', async () => {
    await releases(3);
    const tried = await collectGarbage(store, { ...options, dryRun: true });
    expect(await store.releaseIds()).toHaveLength(3);
    expect(await objects()).toHaveLength(3);
    expect(await collectGarbage(store, options)).toEqual(tried);
    expect(await objects()).toEqual([hex('base of 3')]);
  });

  test('collectGarbage() leaves what waits for a release', async () => {
    await releases(1);
    const [artifact] = (await store.current())?.artifacts ?? [];
    if (artifact === undefined) throw new Error('no artifact');
    const waiting = { ...artifact, digest: digestOf('waiting'), size: 7 };
    await writeFile(fixture.objectPath(hex('waiting')), 'waiting');
    await writeFile(fixture.objectPath(hex('of nobody')), 'of nobody');
    await recordUnreleased(store, [waiting]);
    await collectGarbage(store, options);
    expect((await objects()).sort()).toEqual([hex('base of 1'), hex('waiting')].sort());
  });

  test('collectGarbage() removes what no build has used for 90 days of the cache', async () => {
    await releases(1);
    const cache = new HostCache(path.join(fixture.directory, 'cache'));
    const [old, used, young] = ['a/old.deb', 'a/used.deb', 'young'].map((name) =>
      path.join(cache.directory, name),
    ) as [string, string, string];
    await mkdir(path.dirname(old), { recursive: true });
    for (const file of [old, used, young]) await writeFile(file, 'seven b');
    const before = new Date(NOW - 91 * DAY);
    for (const file of [old, used]) await utimes(file, before, before);
    await markUsed([used, path.join(cache.directory, 'not there')]);
    const tried = await collectGarbage(store, { ...options, cache, dryRun: true });
    expect(tried).toMatchObject({ removedCached: 1, freedBytes: 7 });
    expect(await cache.unusedFiles(NOW)).toEqual([old]);
    expect(await collectGarbage(store, { ...options, cache })).toEqual(tried);
    expect(await cache.unusedFiles(NOW)).toEqual([]);
    expect((await readdir(path.join(cache.directory, 'a'))).sort()).toEqual(['used.deb']);
  });

  test('collectGarbage() removes what a push left a week ago, unless one is at work', async () => {
    await releases(1);
    const incoming = path.join(store.directory, 'incoming');
    await mkdir(path.join(incoming, id(2)), { recursive: true });
    await writeFile(path.join(incoming, hex('half')), 'half');
    const now = Date.now();
    const later = { ...options, now: now + 7 * DAY + 60_000 };
    await collectGarbage(store, { ...options, now: now + 6 * DAY });
    expect(await readdir(incoming)).toHaveLength(2);
    {
      await using _push = await FileLock.take(path.join(store.directory, 'push.lock'), 'a push');
      await collectGarbage(store, later);
      expect(await readdir(incoming)).toHaveLength(2);
    }
    expect(await collectGarbage(store, later)).toMatchObject({ removedFiles: 2, freedBytes: 4 });
    expect(await readdir(incoming)).toEqual([]);
  });

  test('collectGarbage() removes texts of inputs that no release has', async () => {
    await releases(1);
    const digest = digestOf('-- a task');
    const texts = new Map([[digest, Buffer.from('- a task')]]);
    await keepInputTexts(store, { 'role roles/x/tasks/main.yml': digest }, texts);
    expect(await readdir(path.join(store.directory, 'inputs'))).toHaveLength(1);
    await collectGarbage(store, options);
    expect(await readdir(path.join(store.directory, 'inputs'))).toEqual([]);
  });

  test('collectGarbage() removes no object while it cannot read a release that stays', async () => {
    await releases(2);
    await writeFile(path.join(store.releasePath(id(2)), 'manifest.json'), '{');
    await collectGarbage(store, options);
    expect(await objects()).toHaveLength(2);
  });

  test('collectGarbage() removes logs of runs before the oldest release that stays', async () => {
    await releases(2);
    const runs = ['20261120T140400Z', '20261120T140500Z', '20261120T140502Z', '20261120T140600Z'];
    for (const run of runs) {
      await mkdir(path.join(store.directory, 'logs', run), { recursive: true });
      await writeFile(path.join(store.directory, 'logs', run, 'events.jsonl'), 'text');
    }
    const { removedLogs } = await collectGarbage(store, options);
    // 14:05:02 is the run that made the release that stays.
    expect(removedLogs).toEqual(runs.slice(0, 2));
    expect(await readdir(path.join(store.directory, 'logs'))).toEqual(runs.slice(2));
  });

  test('collectGarbage() waits for nobody: a build that holds the lock ends it', async () => {
    await releases(2);
    await using _lock = await store.lock('onib build');
    await expect(collectGarbage(store, options)).rejects.toMatchObject({ code: 'BUSY' });
    expect(await objects()).toHaveLength(2);
  });

  test('lock() finishes the removal of a release that was killed in the middle', async () => {
    await releases(1);
    const half = store.releasePath('.gone-20261120T140400Z-0000');
    await mkdir(half);
    await symlink('../../objects/x', path.join(half, 'base.trixie.squashfs'));
    await using _lock = await store.lock('again');
    expect(await readdir(path.join(store.directory, 'releases'))).toEqual([id(1)]);
  });
});
