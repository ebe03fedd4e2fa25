/** What nodes lose when one release takes another's place. Pure. */
import { assembleBoot, bootsOf, isBoot } from './boot.js';
import type { BootProfile, IncompleteProfile, ReleaseManifest } from './release-manifest.js';

/**
 * Profiles that one release boots and the release in its place does not, each with the reason. One that the user
 * has taken out of the project since is no loss. Nodes to which no profile is assigned lose theirs where the new
 * release cannot boot its default.
 *
 * @param before the release that was current
 * @param after the one that takes its place: a newer one, or an older one to which somebody goes back
 */
export function lostProfiles(before: ReleaseManifest, after: ReleaseManifest): IncompleteProfile[] {
  const lost = bootsOf(before).flatMap(({ profile: { name } }) => {
    const reason = whyNot(name, before, after);
    return reason === undefined ? [] : [{ profile: name, reason }];
  });
  const usual = before.defaultProfile;
  if (usual === undefined || lost.some(({ profile }) => profile === usual)) return lost;
  const reason = whyNoDefault(before, after);
  return reason === undefined ? lost : [...lost, { profile: usual, reason }];
}

/** Why nodes without a profile of their own would get none. */
function whyNoDefault(before: ReleaseManifest, after: ReleaseManifest): string | undefined {
  if (after.defaultProfile !== undefined) return undefined;
  const missing = after.defaultProfileMissing;
  const nodes = 'nodes without a profile of their own would get';
  if (missing !== undefined) return `${nodes} "${missing.profile}": ${missing.reason}`;
  // A newer release without one: its user wants none.
  return isNewer(after, before) ? undefined : `${nodes} none: release ${after.id} has no default`;
}

function isNewer(after: ReleaseManifest, before: ReleaseManifest): boolean {
  return after.created >= before.created;
}

function whyNot(name: string, before: ReleaseManifest, after: ReleaseManifest): string | undefined {
  const found = after.profiles.find((profile) => profile.name === name);
  if (found !== undefined) return problemOf(after, found);
  const known = after.incomplete?.find(({ profile }) => profile === name);
  if (known !== undefined) return known.reason;
  // A newer release that does not know it: its project has it no more.
  if (isNewer(after, before) && after.incomplete !== undefined) return undefined;
  return `release ${after.id} has no such profile`;
}

function problemOf(release: ReleaseManifest, profile: BootProfile): string | undefined {
  const boot = assembleBoot(release, profile);
  return isBoot(boot) ? undefined : boot.message;
}

/** `nodes would lose "discovery", which release 20261120T140501Z-3f9c boots`, for messages. */
export function lossInWords(lost: readonly IncompleteProfile[], before: string): string {
  const names = lost.map(({ profile }) => `"${profile}"`).join(', ');
  return `nodes would lose ${names}, which release ${before} boots`;
}

/** A line for each profile. */
export function lossLines(lost: readonly IncompleteProfile[]): string[] {
  return lost.map(({ profile, reason }) => `${profile}: ${reason}`);
}
