/** What was built before, by other releases of the store or by a build that failed: found for planning. */
import { stat } from 'node:fs/promises';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Store } from '../../store/store.js';
import { readUnreleased } from '../../store/unreleased.js';

/** Older ones hardly fit, and every plan reads their manifests. */
const RELEASES = 8;

/** Artifacts that wait for a release, and those of the newest releases but the current one. */
export async function knownArtifacts(
  store: Store,
  currentId: string | undefined,
): Promise<readonly (readonly Artifact[])[]> {
  const ids = (await store.releaseIds()).filter((id) => id !== currentId).reverse();
  const sets = [await readUnreleased(store)];
  for (const id of ids.slice(0, RELEASES)) {
    // A release that cannot be read is told by `onib releases`; here it only knows nothing.
    const release = await store.release(id).catch(() => undefined);
    if (release !== undefined) sets.push(await whole(store, release.artifacts));
  }
  return sets.filter(({ length }) => length > 0);
}

async function whole(store: Store, artifacts: readonly Artifact[]): Promise<Artifact[]> {
  const sizes = await Promise.all(
    artifacts.map(({ digest }) => stat(store.objectPath(digest)).catch(() => undefined)),
  );
  return artifacts.filter(({ size }, index) => sizes[index]?.size === size);
}
