/** Boot profiles of a release: those of the project whose artifacts are all there. */
import type { ProfileConfig } from '../project/config.js';
import type { Plan } from './plan.js';
import { findArtifact } from '../contract/artifact-key.js';
import { fitsOver } from '../contract/boot.js';
import type {
  Artifact,
  ArtifactKind,
  BootProfile,
  IncompleteProfile,
  ReleaseManifest,
} from '../contract/release-manifest.js';

/** What a release manifest says of profiles; `defaultProfile` is there when it can be booted. */
export type ResolvedProfiles = Pick<
  ReleaseManifest,
  'profiles' | 'defaultProfile' | 'defaultProfileMissing'
> & { readonly incomplete: readonly IncompleteProfile[] };

/**
 * Finds each profile's artifacts. Pure.
 *
 * @param artifacts of the release
 */
export function resolveProfiles(
  { profiles, defaultProfile, drop }: Pick<Plan, 'profiles' | 'defaultProfile' | 'drop'>,
  artifacts: readonly Artifact[],
): ResolvedProfiles {
  const dropped = drop.map(({ artifact }) => artifact);
  const resolved: BootProfile[] = [];
  const incomplete: IncompleteProfile[] = [];
  for (const profile of profiles) {
    const result = resolve(profile, artifacts, dropped);
    if (typeof result === 'string') incomplete.push({ profile: profile.name, reason: result });
    else resolved.push(result);
  }
  return {
    profiles: resolved,
    incomplete,
    ...resolveDefault(resolved, incomplete, defaultProfile),
  };
}

function resolveDefault(
  resolved: readonly BootProfile[],
  incomplete: readonly IncompleteProfile[],
  wanted: string | undefined,
): Pick<ReleaseManifest, 'defaultProfile' | 'defaultProfileMissing'> {
  const found = resolved.find(({ name }) => name === wanted);
  if (found !== undefined) return { defaultProfile: found.name };
  const missing = incomplete.find(({ profile }) => profile === wanted);
  return missing === undefined ? {} : { defaultProfileMissing: missing };
}

function resolve(
  profile: ProfileConfig,
  artifacts: readonly Artifact[],
  dropped: readonly Artifact[],
): BootProfile | string {
  const find = (kind: ArtifactKind, name: string | undefined): Artifact | undefined =>
    name === undefined ? undefined : findArtifact(artifacts, { kind, name });
  const kernel = find('kernel', profile.kernel);
  const initrd = find('initrd', profile.kernel);
  const modules = find('modules', profile.kernel);
  if (kernel === undefined || initrd === undefined || modules === undefined) {
    return profile.kernel === undefined
      ? 'the project has no kernel set'
      : `kernel set "${profile.kernel}" is not built`;
  }
  const base = find('base', profile.base);
  if (base === undefined) {
    return profile.base === undefined
      ? 'the project has no base image'
      : `base image "${profile.base}" is not built`;
  }
  const overlays: string[] = [];
  for (const name of profile.overlays) {
    const overlay = find('overlay', name);
    const left = overlay ?? findArtifact(dropped, { kind: 'overlay', name });
    if (left === undefined) return `overlay "${name}" is not built`;
    if (overlay === undefined || !fitsOver(overlay, base)) {
      return `overlay "${name}" was made over ${baseOf(left, base, artifacts)}`;
    }
    overlays.push(overlay.fileName);
  }
  return {
    name: profile.name,
    kernel: kernel.fileName,
    initrd: initrd.fileName,
    modules: modules.fileName,
    base: base.fileName,
    overlays,
    arguments: profile.arguments,
  };
}

/** The base that an overlay was made over and that is not the profile's, in words. */
function baseOf(overlay: Artifact, base: Artifact, artifacts: readonly Artifact[]): string {
  const made = artifacts.find(
    ({ kind, digest }) => kind === 'base' && digest === overlay.baseDigest,
  );
  return made === undefined
    ? `an earlier build of base image "${base.name}"`
    : `base image "${made.name}", and the profile has "${base.name}"`;
}
