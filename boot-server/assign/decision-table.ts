/**
 * Everything that decides what a machine boots, as plain data that goes to other threads whole: what the
 * release offers, and who gets what of it. Pure.
 */
import type { Assignment } from '../../src/contract/assignment.js';
import { assembleBoot, isBoot, type BootProblem } from '../../src/contract/boot.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';

/**
 * What settled the profile. `node`: a line that names the machine; `server`: the server's `--profile`;
 * `default`: the assignment's default; `release`: the release's.
 */
export type Rule = 'node' | 'server' | 'default' | 'release';

/** One way to a profile, and how to tell a person about it. */
export interface Choice {
  readonly rule: Rule;
  readonly profile: string;
  /** `boot-profiles.yml:12:9 names it`. */
  readonly why: string;
}

export interface DecisionTable {
  /** Id of the release that new boots get; undefined: the store holds none. */
  readonly release: string | undefined;
  /** By name: undefined for a profile that can be booted, else why it cannot. */
  readonly profiles: ReadonlyMap<string, BootProblem | undefined>;
  /** By MAC. */
  readonly nodes: ReadonlyMap<string, Choice>;
  /** For machines that nothing names; undefined: nothing is. */
  readonly fallback: Choice | undefined;
  /** Why the release has no default profile: ` cannot boot its default "x": …`. */
  readonly withoutDefault: string;
}

/**
 * @param assignment undefined: nobody wrote one; releases of version 1 then assign nodes themselves
 * @param serverProfile the server's own profile for machines that nothing names
 */
export function makeDecisionTable(
  release: ReleaseManifest | undefined,
  assignment: Assignment | undefined,
  serverProfile: string | undefined,
): DecisionTable {
  return {
    release: release?.id,
    profiles: describeProfiles(release),
    nodes: assignment ? assignedNodes(assignment) : nodesOfRelease(release),
    fallback: findFallback(release, assignment, serverProfile),
    withoutDefault: explainNoDefault(release),
  };
}

function describeProfiles(
  release: ReleaseManifest | undefined,
): Map<string, BootProblem | undefined> {
  const known = new Map<string, BootProblem | undefined>();
  for (const { profile, reason } of release?.incomplete ?? []) {
    known.set(profile, {
      code: 'PROFILE_INCOMPLETE',
      message: `release ${release?.id ?? ''} cannot boot profile "${profile}": ${reason}`,
      hint: 'onib build all',
    });
  }
  for (const profile of release?.profiles ?? []) {
    const boot = release && assembleBoot(release, profile);
    known.set(profile.name, boot === undefined || isBoot(boot) ? undefined : boot);
  }
  return known;
}

function assignedNodes({ nodes }: Assignment): Map<string, Choice> {
  return new Map(
    nodes.map(({ mac, profile, place }) => [
      mac,
      { rule: 'node', profile, why: `${place} names ${mac}` },
    ]),
  );
}

function nodesOfRelease(release: ReleaseManifest | undefined): Map<string, Choice> {
  const pairs = (release?.profiles ?? []).flatMap(({ name, nodes = [] }) =>
    nodes.map((mac): readonly [string, Choice] => {
      const why = `release ${release?.id ?? ''} names ${mac}`;
      return [mac, { rule: 'node', profile: name, why }];
    }),
  );
  return new Map(pairs);
}

function findFallback(
  release: ReleaseManifest | undefined,
  assignment: Assignment | undefined,
  serverProfile: string | undefined,
): Choice | undefined {
  if (serverProfile !== undefined) {
    return { rule: 'server', profile: serverProfile, why: 'the profile that the server was given' };
  }
  if (assignment?.defaultProfile !== undefined) {
    const profile = assignment.defaultProfile;
    return { rule: 'default', profile, why: `the default of ${assignment.file}` };
  }
  const profile = release?.defaultProfile;
  return profile === undefined
    ? undefined
    : { rule: 'release', profile, why: `the default of release ${release?.id ?? ''}` };
}

function explainNoDefault(release: ReleaseManifest | undefined): string {
  const missing = release?.defaultProfileMissing;
  return missing === undefined
    ? 'has no default boot profile'
    : `cannot boot its default "${missing.profile}": ${missing.reason}`;
}
