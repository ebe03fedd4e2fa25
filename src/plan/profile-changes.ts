/** What a build changes of a release's boot profiles where its artifacts stay: boot-profiles.yml says otherwise than it did. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { BootProfile, ReleaseManifest } from '../contract/release-manifest.js';

/** What a release says of its profiles. */
export type ReleasedProfiles = Pick<
  ReleaseManifest,
  'profiles' | 'incomplete' | 'defaultProfile' | 'defaultProfileMissing'
>;

export interface ProfileChange {
  readonly profile: string;
  /** `default`: nodes that nothing names get it; `not-default`: they got it, and nothing is in its place. */
  readonly change: 'added' | 'changed' | 'removed' | 'default' | 'not-default';
}

/** In the order of the newer profiles; then those that went, and the default one. */
export function profileChanges(before: ReleasedProfiles, after: ReleasedProfiles): ProfileChange[] {
  const [old, made] = [byName(before), byName(after)];
  const names = [...new Set([...made.keys(), ...old.keys()])];
  return [
    ...names.flatMap((profile): ProfileChange[] => {
      if (!old.has(profile)) return [{ profile, change: 'added' }];
      if (!made.has(profile)) return [{ profile, change: 'removed' }];
      const isSame = isDeepStrictEqual(old.get(profile), made.get(profile));
      return isSame ? [] : [{ profile, change: 'changed' }];
    }),
    ...defaultChange(defaultOf(before), defaultOf(after)),
  ];
}

/** A profile that cannot be booted is none, whatever the reason. */
function byName({
  profiles,
  incomplete = [],
}: ReleasedProfiles): Map<string, BootProfile | undefined> {
  return new Map<string, BootProfile | undefined>([
    ...profiles.map((profile) => [profile.name, profile] as const),
    ...incomplete.map(({ profile }) => [profile, undefined] as const),
  ]);
}

function defaultOf({
  defaultProfile,
  defaultProfileMissing,
}: ReleasedProfiles): string | undefined {
  return defaultProfile ?? defaultProfileMissing?.profile;
}

function defaultChange(before: string | undefined, after: string | undefined): ProfileChange[] {
  if (after !== undefined) return after === before ? [] : [{ profile: after, change: 'default' }];
  return before === undefined ? [] : [{ profile: before, change: 'not-default' }];
}

const WORDS: Readonly<Record<ProfileChange['change'], string>> = {
  added: 'is new',
  changed: 'changed',
  removed: 'is gone',
  default: 'is the default now',
  'not-default': 'is no longer the default',
};

/** `"rescue" is new, "discovery" changed`. */
export function profileChangesInWords(changes: readonly ProfileChange[]): string {
  return changes.map(({ profile, change }) => `"${profile}" ${WORDS[change]}`).join(', ');
}
