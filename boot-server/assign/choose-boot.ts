/** Which boot profile a node gets. Pure. */
import { assembleBoot, type Boot, type BootProblem } from '../../src/contract/boot.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';

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
  const assigned = release.profiles.find((profile) => profile.nodes?.includes(mac));
  if (assigned) return assembleBoot(release, assigned);

  const name = fallback ?? release.defaultProfile;
  if (name === undefined) {
    const missing = release.defaultProfileMissing;
    const why =
      missing === undefined
        ? 'no default one'
        : `cannot boot its default "${missing.profile}": ${missing.reason}`;
    return {
      code: 'NO_PROFILE',
      message: `release ${release.id} has no boot profile for ${mac} and ${why}`,
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
  return assembleBoot(release, profile);
}
