/** What a release needs to boot a profile, and whether it has it: builder and boot server ask here. Pure. */
import type { Artifact, BootProfile, ReleaseManifest } from './release-manifest.js';

/** Everything that one boot needs, found in one release. */
export interface Boot {
  readonly release: ReleaseManifest;
  readonly profile: BootProfile;
  readonly kernel: Artifact;
  readonly initrd: Artifact;
  /** Bottom first: modules, base, overlays. The base's /usr and /usr/lib cover the modules layer's. */
  readonly layers: readonly Artifact[];
}

/** Why a node cannot boot, and what mends it. */
export interface BootProblem {
  /** SCREAMING_SNAKE. */
  readonly code: 'NO_RELEASE' | 'NO_PROFILE' | 'PROFILE_UNKNOWN' | 'PROFILE_INCOMPLETE';
  readonly message: string;
  readonly hint: string;
}

export function isBoot(choice: Boot | BootProblem): choice is Boot {
  return 'profile' in choice;
}

/** Every boot that the release offers; profiles that lack an artifact are left out. */
export function bootsOf(release: ReleaseManifest): Boot[] {
  return release.profiles.map((profile) => assembleBoot(release, profile)).filter(isBoot);
}

/** Finds a profile's artifacts in its release. */
export function assembleBoot(release: ReleaseManifest, profile: BootProfile): Boot | BootProblem {
  const byName = new Map(release.artifacts.map((artifact) => [artifact.fileName, artifact]));
  const layerNames = [profile.modules, profile.base, ...profile.overlays];
  const kernel = byName.get(profile.kernel);
  const initrd = byName.get(profile.initrd);
  const layers = layerNames.map((name) => byName.get(name)).filter((layer) => layer !== undefined);
  if (kernel && initrd && layers.length === layerNames.length) {
    const base = byName.get(profile.base);
    const misfit = layers.find((layer) => layer.kind === 'overlay' && !fitsOver(layer, base));
    if (misfit === undefined) return { release, profile, kernel, initrd, layers };
    return {
      code: 'PROFILE_INCOMPLETE',
      message: `boot profile "${profile.name}" of release ${release.id} has "${misfit.fileName}", which was not made over the "${profile.base}" of that release`,
      hint: 'onib build all',
    };
  }
  const missing = [profile.kernel, profile.initrd, ...layerNames].filter(
    (name) => !byName.has(name),
  );
  return {
    code: 'PROFILE_INCOMPLETE',
    message: `boot profile "${profile.name}" needs what release ${release.id} lacks: ${missing.join(', ')}`,
    hint: 'onib build all',
  };
}

/** An overlay holds what changed over one base: over another it would not fit. */
export function fitsOver(overlay: Artifact, base: Artifact | undefined): boolean {
  return overlay.baseDigest === undefined || overlay.baseDigest === base?.digest;
}
