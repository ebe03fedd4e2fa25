/** Which boot profile a node gets, and whether the release can boot it. Pure. */
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

/**
 * @param fallback the server's `profile` option, before the release's own default
 */
export function chooseBoot(
  release: ReleaseManifest | undefined,
  mac: string,
  fallback: string | undefined,
): Boot | BootProblem {
  if (release === undefined) {
    return { code: 'NO_RELEASE', message: 'the store holds no release', hint: 'onib build all' };
  }
  const assigned = release.profiles.find((profile) => profile.nodes.includes(mac));
  if (assigned) return assemble(release, assigned);

  const name = fallback ?? release.defaultProfile;
  if (name === undefined) {
    return {
      code: 'NO_PROFILE',
      message: `release ${release.id} has no boot profile for ${mac} and no default one`,
      hint: 'onib build all makes a bootable release; boot-profiles.yml assigns nodes',
    };
  }
  const profile = release.profiles.find((candidate) => candidate.name === name);
  if (profile === undefined) {
    const names = release.profiles.map((candidate) => candidate.name).join(', ') || 'none';
    return {
      code: 'PROFILE_UNKNOWN',
      message: `release ${release.id} has no boot profile "${name}"`,
      hint: `profiles of this release: ${names}`,
    };
  }
  return assemble(release, profile);
}

export function isBoot(choice: Boot | BootProblem): choice is Boot {
  return 'profile' in choice;
}

/** Every boot that the release offers; profiles that lack an artifact are left out. */
export function bootsOf(release: ReleaseManifest): Boot[] {
  return release.profiles.map((profile) => assemble(release, profile)).filter(isBoot);
}

function assemble(release: ReleaseManifest, profile: BootProfile): Boot | BootProblem {
  const byName = new Map(release.artifacts.map((artifact) => [artifact.fileName, artifact]));
  const layerNames = [profile.modules, profile.base, ...profile.overlays];
  const kernel = byName.get(profile.kernel);
  const initrd = byName.get(profile.initrd);
  const layers = layerNames.map((name) => byName.get(name)).filter((layer) => layer !== undefined);
  if (kernel && initrd && layers.length === layerNames.length) {
    return { release, profile, kernel, initrd, layers };
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
