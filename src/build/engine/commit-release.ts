/** The end of a build: what it made becomes a release, and that the current one. */
import { randomBytes } from 'node:crypto';
import { version } from '../../core/package.js';
import { lostProfiles } from '../../contract/lost-profiles.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import type { Plan } from '../../plan/plan.js';
import { releaseContent, sameContent, type ReleaseContent } from '../../plan/release-content.js';
import { activateBuilt, holdBuilt, type Activation } from '../../store/activate.js';
import { currentId } from '../../store/current.js';
import { hold, NOT_SWITCHED_YET } from '../../store/held.js';
import { addRelease } from '../../store/release-directory.js';
import { listReleases } from '../../store/releases.js';
import type { Store } from '../../store/store.js';
import { forgetUnreleased } from '../../store/unreleased.js';
import type { BuildEvent } from '../record/events.js';
import { timeStamp } from './time-stamp.js';

export interface CommitOptions {
  /** False: the release is made and the current one stays. */
  readonly activate: boolean;
  readonly onEvent: (event: BuildEvent) => void;
}

export interface Committed {
  /** Undefined when there is nothing to release. */
  readonly release?: ReleaseManifest;
  /** Whether it is the current one now. */
  readonly current: boolean;
}

/**
 * @param current the release that the build was planned over
 * @throws {OnibError} `PROFILES_LOST`, `SWITCHED_MEANWHILE`: the release is there, and the current one stays
 */
export async function commitRelease(
  plan: Plan,
  built: readonly Artifact[],
  current: ReleaseManifest | undefined,
  store: Store,
  { activate, onEvent }: CommitOptions,
): Promise<Committed> {
  const content = releaseContent(plan, built);
  const { artifacts } = content;
  if (artifacts.length === 0) return { current: false };
  if (current !== undefined && sameContent(current, content)) {
    return { release: current, current: (await currentId(store.directory)) === current.id };
  }
  const release = (await madeBefore(store, content)) ?? (await writeRelease(store, content));
  await forgetUnreleased(store, artifacts);
  const activation: Activation = activate
    ? await activateBuilt(store, release, current?.id)
    : await holdBuilt(store, release);
  onEvent({
    type: 'release',
    id: release.id,
    directory: store.releasePath(release.id),
    artifacts,
    incomplete: release.incomplete ?? [],
    current: activation.current,
    lost: current === undefined ? [] : lostProfiles(current, release),
  });
  if (!activation.current && activation.problem !== undefined) throw activation.problem;
  return { release, current: activation.current };
}

async function writeRelease(store: Store, content: ReleaseContent): Promise<ReleaseManifest> {
  const now = new Date();
  const manifest: ReleaseManifest = {
    schema: 'onib.release/2',
    id: `${timeStamp(now)}-${randomBytes(2).toString('hex')}`,
    created: now.toISOString(),
    onib: version,
    ...content,
  };
  await hold(store, manifest.id, NOT_SWITCHED_YET);
  try {
    await addRelease(store, manifest);
  } catch (error) {
    await hold(store, manifest.id, undefined);
    throw error;
  }
  return manifest;
}

/**
 * A release that is newer than the current one and holds just this: it was held back, somebody went back from it, or
 * its build was killed before it became current.
 */
async function madeBefore(
  store: Store,
  content: ReleaseContent,
): Promise<ReleaseManifest | undefined> {
  const releases = await listReleases(store);
  const place = releases.findIndex(({ current }) => current);
  const newer = place === -1 ? releases : releases.slice(0, place);
  return newer.find(
    ({ manifest, problem }) =>
      problem === undefined && manifest !== undefined && sameContent(manifest, content),
  )?.manifest;
}
