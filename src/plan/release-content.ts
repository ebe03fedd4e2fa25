/** What a build leaves as a release: all of its manifest but the release's own name and date. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { findArtifact } from '../contract/artifact-key.js';
import { withUniqueFileNames } from '../contract/file-names.js';
import type { Artifact, IncompleteProfile, ReleaseManifest } from '../contract/release-manifest.js';
import { resolveProfiles } from './bootable-profiles.js';
import type { Plan } from './plan.js';

export type ReleaseContent = Omit<ReleaseManifest, 'schema' | 'id' | 'created' | 'onib'>;

/** @param built what the plan's steps made */
export function releaseContent(
  plan: Pick<Plan, 'keep' | 'drop' | 'profiles' | 'defaultProfile'>,
  built: readonly Artifact[],
): ReleaseContent {
  const artifacts = withUniqueFileNames([
    ...plan.keep,
    ...fittingAgain(plan, built),
    ...built,
  ]).sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
  return { artifacts, ...resolveProfiles(plan, artifacts) };
}

/** Overlays that were to leave with their base, which came out the same as before. */
function fittingAgain({ drop }: Pick<Plan, 'drop'>, built: readonly Artifact[]): Artifact[] {
  return drop.flatMap(({ artifact, rebuiltBase: name }) => {
    const base = name === undefined ? undefined : findArtifact(built, { kind: 'base', name });
    return base !== undefined && base.digest === artifact.baseDigest ? [artifact] : [];
  });
}

/** Whether two releases offer the same. The words for what one cannot boot do not count: they tell how it came to be. */
export function sameContent(a: ReleaseContent, b: ReleaseContent): boolean {
  const pick = (content: ReleaseContent): unknown[] => {
    const { artifacts, profiles, incomplete, defaultProfile, defaultProfileMissing } = content;
    return [
      ...[artifacts, profiles, incomplete?.map(nameOf), defaultProfile],
      defaultProfileMissing?.profile,
    ];
  };
  return isDeepStrictEqual(pick(a), pick(b));
}

function nameOf({ profile }: IncompleteProfile): string {
  return profile;
}
