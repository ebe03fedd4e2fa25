/**
 * What a project says, parsed and checked: plain data that everything downstream reads.
 * Nothing after `loadProject` opens a vars file again.
 */
import type { SourcePlace } from '../core/errors.js';
import type { ImageValues } from './keys/image-keys.js';
import type { ImageKind } from './keys/kinds.js';
import type { Settings } from './keys/setting-keys.js';

/**
 * What changes one tree. A kind that joins has a case at each place where it counts: what its inputs
 * are (plan/inputs/provisioner-inputs.ts), where its files lie (project/roles/provisioner-files.ts) and how it is
 * run (provision/). The compiler names them all, since each reads what only a role has.
 */
export type Provisioner = RoleProvisioner;

/** An Ansible role. */
export interface RoleProvisioner {
  readonly kind: 'role';
  /** As written: `roles/overlay/provision_discovery`. */
  readonly role: string;
  /** Absolute path of the role's directory, in the project or among the roles that ship with onib. */
  readonly directory: string;
  readonly place: SourcePlace;
}

/** Where values stand that only a build can find wrong. */
export interface ImagePlaces {
  readonly suite?: SourcePlace;
  /** `apt_server`, else `apt_proxy`. */
  readonly mirror?: SourcePlace;
  /** By name. */
  readonly packages: Readonly<Record<string, SourcePlace>>;
  /** Encrypted variables, by name. */
  readonly vaulted?: Readonly<Record<string, SourcePlace>>;
}

/** One `vars/<name>.yml`. */
export interface ImageConfig extends ImageValues {
  readonly kind: ImageKind;
  /** The file's name without `.yml`. */
  readonly name: string;
  /** Relative to the project: `vars/discovery.yml`. */
  readonly file: string;
  readonly provisioners: readonly Provisioner[];
  readonly settings: Settings;
  readonly places?: ImagePlaces;
  /** What Ansible gets: inventory and group variables, overlaid by every key of the vars file. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** `boot-profiles.yml`: which overlays and kernel arguments a node gets. */
export interface ProfileConfig {
  readonly name: string;
  readonly base?: string;
  /** Name of the kernel set's vars file; default: the only one. */
  readonly kernel?: string;
  readonly overlays: readonly string[];
  readonly arguments: readonly string[];
  readonly nodes: readonly string[];
  readonly place?: SourcePlace;
}

export interface Profiles {
  readonly profiles: readonly ProfileConfig[];
  /** Profile of nodes that no profile names. */
  readonly defaultProfile?: string;
}

export interface Config extends Profiles {
  /** Absolute path of the project. */
  readonly root: string;
  readonly settings: Settings;
  readonly images: readonly ImageConfig[];
}
