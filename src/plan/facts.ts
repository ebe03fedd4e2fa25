/** What planning needs to know about the world: data, gathered by facts/gather.ts. */
import type { Digest } from '../core/digest.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { PackageLock } from '../lock/model.js';
import type { ReleasedProfiles } from './profile-changes.js';
import type { SourcesByKey } from './sources.js';
import type { VersionChange } from '../core/version-changes.js';

/** What makes a role what it is. */
export interface RoleFacts {
  /** Digest of each file by its name among the inputs: `role roles/x/tasks/main.yml`. */
  readonly files: Readonly<Record<string, Digest>>;
  /** Of these, the files that can ask for no package. */
  readonly payload: ReadonlySet<string>;
  /** Names that stand in these files; undefined: any variable may be used. */
  readonly words: ReadonlySet<string> | undefined;
}

export interface Facts {
  /** Artifacts of the current release. */
  readonly current?: readonly Artifact[];
  /** What the current release says of boot profiles. */
  readonly currentProfiles?: ReleasedProfiles;
  /** Artifacts built before that are not in the current release, in sets that were built together. */
  readonly known?: readonly (readonly Artifact[])[];
  /** By a role's directory: the role with those that it depends on or includes. */
  readonly roles: Readonly<Record<string, RoleFacts>>;
  /** What every role may use: playbook templates, the project's plugins, ansible.cfg. */
  readonly shared: RoleFacts;
  readonly sources: SourcesByKey;
  /** What `onib.lock` says. */
  readonly lock: PackageLock;
  /** By the lock's names: packages of the lock of which the mirror has another version. Only when newer ones are wanted. */
  readonly newer?: Readonly<Record<string, readonly VersionChange[]>>;
  /** SOURCE_DATE_EPOCH, where the user has set it; seconds since 1970. */
  readonly sourceDate?: number;
  /** Versions of what shapes the output: onib, ansible-core, mmdebstrap, libsquashfs. */
  readonly tools: Readonly<Record<string, string>>;
}
