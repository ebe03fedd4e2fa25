/**
 * A plan: frozen data that says what will be built, in which order and why. It can be printed,
 * compared and sent to another process; it reads nothing and changes nothing.
 */
import type { Digest } from '../core/digest.js';
import type { ArtifactKey } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { ImageConfig, ProfileConfig } from '../project/config.js';
import type { Settings } from '../project/keys/setting-keys.js';
import type { LockedPackage } from '../lock/model.js';
import type { Inputs } from './inputs/inputs.js';
import type { ProfileChange } from './profile-changes.js';
import type { AptSources } from './sources.js';

/** Packages that a build has to use in these versions. */
export interface StepLock {
  readonly packages: readonly LockedPackage[];
  /** What decides on packages is as it was: the build needs no mirror but for what is not downloaded yet. */
  readonly complete: boolean;
}

interface StepCommon {
  /** `overlay discovery`, `base base`, `kernel set kernel`, `boot loaders`. */
  readonly title: string;
  /** Keys of the artifacts that it makes. */
  readonly products: readonly ArtifactKey[];
  /** Of its image; of the project for boot loaders. */
  readonly settings: Settings;
  /** Its name in the lock: the image's, or the title of the boot loaders' step. */
  readonly lockName: string;
  /** Undefined: the newest packages of the mirror are wanted. */
  readonly lock?: StepLock;
  /** Digests of what goes into the tree before the provisioners, and into each of them. */
  readonly levels: readonly Digest[];
  /** For each provisioner: Ansible finds out about the host before it. */
  readonly hostFacts: readonly boolean[];
  /** From the beginning: no snapshot of an earlier build is used. */
  readonly fresh: boolean;
  /** Why it has to be built, one line each; never empty. */
  readonly reasons: readonly string[];
  readonly inputs: Inputs;
  /** Digest of the inputs that decide which packages are asked for. */
  readonly asked: Digest;
  readonly sources: AptSources;
}

export interface BaseStep extends StepCommon {
  readonly kind: 'base';
  readonly image: ImageConfig;
  /** `base.trixie.squashfs`. */
  readonly fileName: string;
}

export interface KernelSetStep extends StepCommon {
  readonly kind: 'kernel-set';
  readonly image: ImageConfig;
}

export interface OverlayStep extends StepCommon {
  readonly kind: 'overlay';
  readonly image: ImageConfig;
  /** `discovery.overlay.cpio.gz`. */
  readonly fileName: string;
  /** Name of the base image that is built in the same plan, or the artifact that is there already. */
  readonly base: { readonly planned: string } | { readonly artifact: Artifact };
}

export interface LoadersStep extends StepCommon {
  readonly kind: 'loaders';
  /** Names of the loaders that the release offers: `undionly.kpxe`, `snponly.efi`, `ipxe.efi`. */
  readonly files: readonly string[];
}

export type PlanStep = BaseStep | KernelSetStep | OverlayStep | LoadersStep;

export interface DroppedArtifact {
  readonly artifact: Artifact;
  readonly reason: string;
  /** Of an overlay that fits again where this base, which the plan builds, comes out the same. */
  readonly rebuiltBase?: string;
}

export interface Plan {
  readonly root: string;
  /** Absolute path of the store. */
  readonly store: string;
  readonly buildRootSize: string;
  /** Names that the lock may hold: those of all images, and of the boot loaders. */
  readonly lockNames: readonly string[];
  /** In build order: what a step needs stands before it. */
  readonly steps: readonly PlanStep[];
  /** Of those that stay: built before, and not in the current release. */
  readonly reuse: readonly Artifact[];
  /** Artifacts that stay: of the current release, and those of `reuse`. */
  readonly keep: readonly Artifact[];
  /** Artifacts of the current release that no longer fit, with the reason. */
  readonly drop: readonly DroppedArtifact[];
  readonly profiles: readonly ProfileConfig[];
  /** Of the current release, where a build changes nothing else of it. */
  readonly profileChanges: readonly ProfileChange[];
  readonly defaultProfile?: string;
}
