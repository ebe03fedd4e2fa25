/** Which boot profile of a release a virtual node gets. */
import { didYouMean } from '../core/did-you-mean.js';
import { EXIT, OnibError } from '../core/errors.js';
import type { BootProfile, ReleaseManifest } from '../contract/release-manifest.js';

/**
 * The profile that was asked for, or the release's default.
 *
 * @throws {OnibError} `NOTHING_TO_BOOT` when the release holds no profile that can boot;
 *   `PROFILE_UNKNOWN` (exit 2).
 */
export function chooseProfile(
  release: ReleaseManifest | undefined,
  wanted: string | undefined,
): BootProfile {
  const profiles = release?.profiles ?? [];
  const name = wanted ?? release?.defaultProfile ?? profiles[0]?.name;
  if (release === undefined || name === undefined) {
    const why =
      release === undefined
        ? 'there is no release yet'
        : `release ${release.id} has no boot profile with a kernel set and a base image`;
    throw new OnibError('NOTHING_TO_BOOT', `Cannot boot a node: ${why}`, {
      hint: 'onib build all',
    });
  }
  const profile = profiles.find((candidate) => candidate.name === name);
  if (profile !== undefined) return profile;
  const names = profiles.map((candidate) => candidate.name);
  throw new OnibError(
    'PROFILE_UNKNOWN',
    `Cannot boot profile "${name}": release ${release.id} has ${names.join(', ') || 'none'}`,
    {
      exitCode: EXIT.usage,
      hint: didYouMean(name, names) ?? 'onib build all makes what boot profiles need',
    },
  );
}
