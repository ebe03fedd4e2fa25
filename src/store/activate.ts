/**
 * The switch from one release to another: by a user's word, or at the end of a build. It holds the switch lock
 * alone, so a rollback waits for no build.
 */
import { OnibError } from '../core/errors.js';
import { lossInWords, lossLines, lostProfiles } from '../contract/lost-profiles.js';
import type { IncompleteProfile, ReleaseManifest } from '../contract/release-manifest.js';
import { currentId, setCurrent } from './current.js';
import { hold, holdOn } from './held.js';
import { listReleases, findRelease, releaseBefore, type ReleaseState } from './releases.js';
import { readRolledBack, recordRolledBack, rolledBackBy } from './rolled-back.js';
import type { Store } from './store.js';
import { takeSwitchLock } from './switch-lock.js';

export interface Switched {
  readonly before?: string;
  readonly now: string;
  /** Profiles that `before` boots and `now` does not. */
  readonly lost: readonly IncompleteProfile[];
}

/**
 * Makes an earlier release the current one: the one that is named, else the one that was current before.
 *
 * @throws {OnibError} `NO_RELEASE_BEFORE`, `RELEASE_UNKNOWN` (exit 2), `RELEASE_INCOMPLETE`, `PROFILES_LOST`
 */
export async function rollBack(store: Store, id?: string): Promise<Switched> {
  return await switchByWord(store, 'onib rollback', (releases) => {
    const target = id === undefined ? releaseBefore(releases) : findRelease(releases, id);
    const { before, lost } = lossOf(releases, target);
    if (before === undefined || lost.length === 0) return target;
    throw profilesLost(target.id, before, lost, `onib activate ${target.id} does it nevertheless`);
  });
}

/**
 * Makes a release the current one, whatever it can boot.
 *
 * @throws {OnibError} `RELEASE_UNKNOWN` (exit 2), `RELEASE_INCOMPLETE`
 */
export async function activate(store: Store, id: string): Promise<Switched> {
  return await switchByWord(store, 'onib activate', (releases) => findRelease(releases, id));
}

type Choose = (releases: readonly ReleaseState[]) => ReleaseState;

async function switchByWord(store: Store, holder: string, choose: Choose): Promise<Switched> {
  // Before the lock is taken, since that would make a store where there is none.
  choose(await listReleases(store));
  await using _lock = await takeSwitchLock(store, holder);
  const releases = await listReleases(store);
  const target = choose(releases);
  if (target.problem !== undefined) {
    throw new OnibError(
      'RELEASE_INCOMPLETE',
      `Cannot make release "${target.id}" current: ${target.problem}`,
      { hint: 'onib releases lists those that are whole; onib build all makes a new one' },
    );
  }
  const { before, lost } = lossOf(releases, target);
  if (!target.current) await switchTo(store, target.id, releases);
  return { now: target.id, ...(before === undefined ? {} : { before }), lost };
}

function lossOf(
  releases: readonly ReleaseState[],
  target: ReleaseState,
): { before: string | undefined; lost: readonly IncompleteProfile[] } {
  const current = releases.find((release) => release.current);
  const known = current?.manifest !== undefined && target.manifest !== undefined;
  return {
    before: current?.id,
    lost: known ? lostProfiles(current.manifest, target.manifest) : [],
  };
}

async function switchTo(
  store: Store,
  id: string,
  releases: readonly ReleaseState[],
): Promise<void> {
  const ids = releases.map((release) => release.id);
  const switching = { from: await currentId(store.directory), to: id, now: new Date() };
  const rolledBack = rolledBackBy(switching, await readRolledBack(store), ids);
  // It counts from the switch on, since it names the release that is then current.
  if (rolledBack !== undefined) await recordRolledBack(store, rolledBack);
  await setCurrent(store.directory, id);
  if (rolledBack === undefined) await recordRolledBack(store, undefined);
  await hold(store, id, undefined);
}

/** Whether a release that a build made is current now, and why not. */
export type Activation =
  { readonly current: true } | { readonly current: false; readonly problem?: OnibError };

/**
 * Makes what a build made the current release, unless nodes would lose a profile by it, or somebody has switched
 * to another release since the build was planned: an operator's word stands.
 *
 * @param over id of the release that was current when the build was planned
 */
export async function activateBuilt(
  store: Store,
  made: ReleaseManifest,
  over: string | undefined,
): Promise<Activation> {
  await using _lock = await takeSwitchLock(store, 'onib build');
  const problem = await whyNotCurrent(store, made, over);
  if (problem === undefined) {
    await switchTo(store, made.id, await listReleases(store));
    return { current: true };
  }
  await holdOn(store, made.id, problem.message);
  return { current: false, problem };
}

/** Leaves the current release as it is, as the user wants. */
export async function holdBuilt(store: Store, made: ReleaseManifest): Promise<Activation> {
  await using _lock = await takeSwitchLock(store, 'onib build');
  await holdOn(store, made.id, 'built with --no-activate');
  return { current: false };
}

async function whyNotCurrent(
  store: Store,
  made: ReleaseManifest,
  over: string | undefined,
): Promise<OnibError | undefined> {
  const current = await store.current();
  if (current?.id !== over) {
    return new OnibError(
      'SWITCHED_MEANWHILE',
      `Cannot make release "${made.id}" current: while it was built, somebody switched from ${over ?? 'no release'} to ${current?.id ?? 'none'}`,
      { hint: `onib activate ${made.id}` },
    );
  }
  const lost = current === undefined ? [] : lostProfiles(current, made);
  if (current === undefined || lost.length === 0) return undefined;
  const hint = `onib build all makes what is missing; onib activate ${made.id} does it nevertheless`;
  return profilesLost(made.id, current.id, lost, hint);
}

function profilesLost(
  id: string,
  before: string,
  lost: readonly IncompleteProfile[],
  hint: string,
): OnibError {
  return new OnibError(
    'PROFILES_LOST',
    `Cannot make release "${id}" current: ${lossInWords(lost, before)}`,
    { details: lossLines(lost), hint },
  );
}
