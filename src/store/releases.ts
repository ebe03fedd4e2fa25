/**
 * The releases of a store: which are there, which is current, pinned, held or was served lately.
 *
 *   <store>/pins/<id>     made by `onib pin`; gc keeps the release. A file that a user can see and remove
 *   <store>/served/<id>   its time is when a boot server last gave that release to a node
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '../core/did-you-mean.js';
import { EXIT, OnibError } from '../core/errors.js';
import type { ReleaseManifest } from '../contract/release-manifest.js';
import { currentId } from './current.js';
import { heldBecause } from './held.js';
import { changingStore } from './no-permission.js';
import { namesIn } from '../host/names-in.js';
import type { Store } from './store.js';
import { takeSwitchLock } from './switch-lock.js';

export interface ReleaseState {
  readonly id: string;
  /** Undefined: it cannot be read; `problem` says why. */
  readonly manifest?: ReleaseManifest;
  readonly current: boolean;
  readonly pinned: boolean;
  /** When a boot server last gave it to a node; milliseconds since 1970. */
  readonly served?: number;
  /** Why it was never current. */
  readonly held?: string;
  /** Why it cannot be booted from or rolled back to. */
  readonly problem?: string;
}

/** All releases, newest first. */
export async function listReleases(store: Store): Promise<ReleaseState[]> {
  const current = await currentId(store.directory);
  const pins = new Set(await namesIn(path.join(store.directory, 'pins')));
  const states: ReleaseState[] = [];
  for (const id of await store.releaseIds()) {
    const served = await timeOf(path.join(store.directory, 'served', id));
    const held = await heldBecause(store, id);
    states.push({
      id,
      current: id === current,
      pinned: pins.has(id),
      ...(served === undefined ? {} : { served }),
      ...(held === undefined ? {} : { held }),
      ...(await readState(store, id)),
    });
  }
  const made = ({ id, manifest }: ReleaseState): Made => ({ id, created: manifest?.created });
  return states.sort((a, b) => newestFirst(made(a), made(b)));
}

async function readState(
  store: Store,
  id: string,
): Promise<Pick<ReleaseState, 'manifest' | 'problem'>> {
  try {
    const manifest = await store.release(id);
    const problem = await incompleteness(store, manifest);
    return { manifest, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What a release lacks; sizes alone are looked at, digests are `onib verify`'s. */
async function incompleteness(
  store: Store,
  { artifacts }: ReleaseManifest,
): Promise<string | undefined> {
  for (const { fileName, digest, size } of artifacts) {
    const found = await stat(store.objectPath(digest)).catch(() => undefined);
    if (found === undefined) return `"${fileName}" is not in the store`;
    if (found.size !== size) {
      return `"${fileName}" has ${String(found.size)} bytes instead of ${String(size)}`;
    }
  }
  return undefined;
}

interface Made {
  readonly id: string;
  /** As the manifest says; undefined where it cannot be read. */
  readonly created?: string | undefined;
}

/** For sorting. Names begin with the second that they were made in; the manifest tells milliseconds. */
export function newestFirst(a: Made, b: Made): number {
  const key = ({ id, created }: Made): string => `${created ?? ''} ${id}`;
  if (a.created === undefined || b.created === undefined) return a.id < b.id ? 1 : -1;
  return key(a) < key(b) ? 1 : -1;
}

async function timeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.mtimeMs;
}

/** The release that was current before the current one; those that were never current are none. */
export function releaseBefore(releases: readonly ReleaseState[]): ReleaseState {
  const place = releases.findIndex(({ current }) => current);
  const earlier = place === -1 ? [] : releases.slice(place + 1);
  const target = earlier.find(({ problem, held }) => problem === undefined && held === undefined);
  if (target !== undefined) return target;
  const why = place === -1 ? 'there is no current release' : 'the store has no whole one';
  throw new OnibError(
    'NO_RELEASE_BEFORE',
    `Cannot roll back to "the release before ${releases[place]?.id ?? ''}": ${why}`,
    { exitCode: EXIT.usage, hint: 'onib releases' },
  );
}

/** @param id of a release, or `current` @throws {OnibError} `RELEASE_UNKNOWN` (exit 2) */
export function findRelease(releases: readonly ReleaseState[], id: string): ReleaseState {
  const found = releases.find(
    (release) => release.id === id || (id === 'current' && release.current),
  );
  if (found !== undefined) return found;
  const ids = releases.map((release) => release.id);
  throw new OnibError('RELEASE_UNKNOWN', `Cannot find release "${id}": the store has no such one`, {
    exitCode: EXIT.usage,
    details: ids,
    hint: didYouMean(id, ids) ?? 'onib releases lists what there is',
  });
}

/** Has gc keep a release, or not any more. @returns the release's id @throws {OnibError} `RELEASE_UNKNOWN` (exit 2) */
export async function setPin(store: Store, id: string, pinned: boolean): Promise<string> {
  // Before the lock is taken, since that would make a store where there is none.
  findRelease(await listReleases(store), id);
  await using _lock = await takeSwitchLock(store, 'onib pin');
  const release = findRelease(await listReleases(store), id);
  const file = path.join(store.directory, 'pins', release.id);
  await changingStore(store.directory, pinned ? 'onib pin' : 'onib unpin', async () => {
    if (pinned) {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, `pinned ${new Date().toISOString()}\n`);
    } else await rm(file, { force: true });
  });
  return release.id;
}
