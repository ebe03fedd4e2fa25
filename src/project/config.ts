/**
 * What a project says, parsed and checked: plain data that everything downstream reads.
 * Nothing after `loadProject` opens a vars file again.
 */
import type { SourcePlace } from '../core/errors.js';
import type { HygieneAllowed } from '../policy/image-policy.js';

export type ImageKind = 'base' | 'initrd' | 'overlay';

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

export type Bootstrapper = 'mmdebstrap' | 'debootstrap';
export type SquashfsCompressor = 'xz' | 'zstd' | 'gzip' | 'lz4';

export interface Compression {
  readonly compressor: SquashfsCompressor;
  /** Undefined: the compressor's own default. */
  readonly level?: number;
  /** Bytes; a power of two from 4 KiB to 1 MiB. */
  readonly blockSize: number;
}

/** Known keys of `group_vars/on_imagebuild` (and of a vars file, which may override them for its image), typed, with defaults filled in. */
export interface Settings {
  /** Debian codename: `trixie`, `bookworm`. Ancestor's name: `debootstrap_release`. */
  readonly suite: string;
  /** Debian architecture. */
  readonly architecture: string;
  readonly components: readonly string[];
  readonly bootstrap: Bootstrapper;
  /** Mirror host, or host:port, with an optional path, used instead of the build host's own; never left in an image. */
  readonly aptServer?: string;
  /** `http://host:port` of a caching proxy, or `auto`; never left in an image. */
  readonly aptProxy?: string;
  /** `20261101T000000Z`: the archive as it was then, below `aptServer`. */
  readonly aptSnapshot?: string;
  /** Where the store lives; absolute. Default: `<project>/builds`. */
  readonly artifactPath: string;
  /** Size limit of the tmpfs that trees live in during a build, as mount(8) takes it: `6G`, `60%`. */
  readonly buildRootSize: string;
  readonly compression: Compression;
  /** What images may hold on purpose. */
  readonly hygieneAllow?: readonly HygieneAllowed[];
  /** Bytes. */
  readonly sizeBudget?: number;
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
export interface ImageConfig {
  readonly kind: ImageKind;
  /** The file's name without `.yml`. */
  readonly name: string;
  /** Relative to the project: `vars/discovery.yml`. */
  readonly file: string;
  readonly provisioners: readonly Provisioner[];
  readonly settings: Settings;
  readonly places?: ImagePlaces;
  /** Overlays: name of the base image's vars file. */
  readonly base?: string;
  /** Initrd: Debian kernel metapackage or exact image package, e.g. `linux-image-amd64`. */
  readonly kernelPackage?: string;
  /** Initrd: directories and modules below /lib/modules/<version>/kernel that go into the modules layer, as globs. */
  readonly moduleLayer?: readonly string[];
  /** Packages that the bootstrapper installs, before any provisioner runs (base and initrd). */
  readonly packages: readonly string[];
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
