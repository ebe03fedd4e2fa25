/**
 * The release manifest: the only thing that the builder and the boot server share.
 *
 * A release is `builds/releases/<id>/`: `manifest.json`, written last, `SHA256SUMS`, and one relative link per
 * artifact, `<fileName> -> ../../objects/<64 hex digits>`. Objects are immutable.
 */
import type { Digest } from '../core/digest.js';

export const ARTIFACT_KINDS = ['base', 'kernel', 'initrd', 'modules', 'overlay', 'loader'] as const;
export type ArtifactKind = (typeof ARTIFACT_KINDS)[number];

export type ArtifactFormat = 'squashfs' | 'cpio.gz' | 'bzImage' | 'initramfs' | 'binary';

/** A Debian package. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  /** `amd64`, `all`. */
  readonly architecture: string;
  /** Name of the source package. */
  readonly source: string;
  /** Bytes, as its maintainer says; 0 when it does not say. */
  readonly installedSize: number;
}

/** One built file. */
export interface Artifact {
  readonly kind: ArtifactKind;
  /** The vars file's name without `.yml` for what a user defines (`discovery`), else the kind or, for loaders, the file's name. */
  readonly name: string;
  /** Name that people know, unique in a release: `base.trixie.squashfs`, `vmlinuz-6.12.57+deb13-amd64`, `snponly.efi`. */
  readonly fileName: string;
  readonly format: ArtifactFormat;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Debian architecture, e.g. `amd64`. */
  readonly architecture: string;
  /** Kernel release (`uname -r`) for kernel, initrd and modules. */
  readonly kernelVersion?: string;
  /** Identity of everything that went in; equal input digests mean that nothing needs building. */
  readonly inputDigest: Digest;
  /** What went in, by name (`role roles/overlay/x/tasks/main.yml`), for "why was it rebuilt". */
  readonly inputs: Readonly<Record<string, string>>;
  /** Digest of the base that an overlay was provisioned over. */
  readonly baseDigest?: Digest;
  /**
   * Debian packages in it, by name: of a base all, of an overlay those that it adds or changes, of a kernel set's
   * files and of loaders those that the files are from. Releases before these were recorded have none.
   */
  readonly packages?: readonly PackageInfo[];
  /** Seconds that building took. */
  readonly seconds: number;
}

/** Which layers and kernel arguments a node gets. Names refer to artifacts of the same release. */
export interface BootProfile {
  readonly name: string;
  /** Friendly file names of the kernel set and base. */
  readonly kernel: string;
  readonly initrd: string;
  readonly modules: string;
  readonly base: string;
  /** Friendly file names of overlays, bottom first. */
  readonly overlays: readonly string[];
  /** Extra kernel command line words. */
  readonly arguments: readonly string[];
  /** MAC addresses (lower case, colons). Version 1 only: later ones leave it to the boot server which node gets which. */
  readonly nodes?: readonly string[];
}

/** A profile of the project that its release cannot boot. */
export interface IncompleteProfile {
  readonly profile: string;
  /** `overlay "discovery" is not built`. */
  readonly reason: string;
}

/** Versions that are read; the last one is written. */
export const RELEASE_SCHEMAS = ['onib.release/1', 'onib.release/2'] as const;

export interface ReleaseManifest {
  readonly schema: (typeof RELEASE_SCHEMAS)[number];
  /** `20261120T140501Z-3f9c`. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Version of onib that wrote it. */
  readonly onib: string;
  readonly artifacts: readonly Artifact[];
  /** Those that can be booted. */
  readonly profiles: readonly BootProfile[];
  /** Those of the project that cannot; absent in version 1. */
  readonly incomplete?: readonly IncompleteProfile[];
  /** Profile of nodes to which none is assigned; it is among `profiles`. */
  readonly defaultProfile?: string;
  /** What the project wants as default and this release cannot boot; only without `defaultProfile`. */
  readonly defaultProfileMissing?: IncompleteProfile;
}
