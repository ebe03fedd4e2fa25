/**
 * A plan for readers: what will be built, of what and why. It holds no value of a variable, and nothing
 * that only the build itself needs; docs/json.md has an example.
 */
import type { ArtifactKey } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Digest } from '../core/digest.js';
import type { ProfileConfig } from '../project/config.js';
import type { Inputs } from './inputs/inputs.js';
import { provisionerName } from './inputs/provisioner-inputs.js';
import type { Plan, PlanStep } from './plan.js';
import type { ProfileChange } from './profile-changes.js';

export interface DescribedArtifact extends ArtifactKey {
  readonly fileName: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

export interface DescribedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

export interface DescribedStep {
  readonly kind: PlanStep['kind'];
  readonly title: string;
  /** The image's; null for boot loaders. */
  readonly name: string | null;
  /** Its vars file, relative to the project; null for boot loaders. */
  readonly file: string | null;
  readonly reasons: readonly string[];
  readonly products: readonly ArtifactKey[];
  /** Of an overlay, else null. */
  readonly base: {
    readonly name: string;
    /** Null where the base is built in the same plan. */
    readonly digest: Digest | null;
  } | null;
  readonly provisioners: readonly string[];
  /** Packages that the vars file asks for. */
  readonly packages: readonly string[];
  /** Packages of `onib.lock`; null where the newest of the mirror are taken. */
  readonly lock: {
    readonly packages: readonly DescribedPackage[];
    /** Apt sees no others. */
    readonly complete: boolean;
  } | null;
  readonly inputs: Inputs;
}

export interface DescribedPlan {
  readonly schema: 'onib.plan/2';
  /** Absolute path of the project. */
  readonly root: string;
  /** Absolute path of the store. */
  readonly store: string;
  /** In build order. */
  readonly steps: readonly DescribedStep[];
  /** Of those that stay: built before, and not in the current release. */
  readonly reuse: readonly DescribedArtifact[];
  readonly keep: readonly DescribedArtifact[];
  readonly drop: readonly { readonly artifact: DescribedArtifact; readonly reason: string }[];
  readonly profiles: readonly Omit<ProfileConfig, 'place'>[];
  readonly defaultProfile: string | null;
  /** Of the current release, where a build changes nothing else of it. */
  readonly profileChanges: readonly ProfileChange[];
}

export function describePlan(plan: Plan): DescribedPlan {
  return {
    schema: 'onib.plan/2',
    root: plan.root,
    store: plan.store,
    steps: plan.steps.map(describeStep),
    reuse: plan.reuse.map(describeArtifact),
    keep: plan.keep.map(describeArtifact),
    drop: plan.drop.map(({ artifact, reason }) => ({
      artifact: describeArtifact(artifact),
      reason,
    })),
    profiles: plan.profiles.map(describeProfile),
    defaultProfile: plan.defaultProfile ?? null,
    profileChanges: plan.profileChanges,
  };
}

function describeProfile(profile: ProfileConfig): DescribedPlan['profiles'][number] {
  const { name, base, kernel, overlays, nodes } = profile;
  return {
    ...{ name, overlays, arguments: profile.arguments, nodes },
    ...(base === undefined ? {} : { base }),
    ...(kernel === undefined ? {} : { kernel }),
  };
}

function describeStep(step: PlanStep): DescribedStep {
  const image = step.kind === 'loaders' ? undefined : step.image;
  const { kind, title, reasons, products, lock, inputs } = step;
  return {
    ...{ kind, title, name: image?.name ?? null, file: image?.file ?? null, reasons, products },
    base: step.kind === 'overlay' ? describeBase(step.image.base ?? '', step.base) : null,
    provisioners: (image?.provisioners ?? []).map(provisionerName),
    packages: [
      ...(image?.packages ?? []),
      ...(image?.kernelPackage === undefined ? [] : [image.kernelPackage]),
    ],
    lock:
      lock === undefined
        ? null
        : { packages: lock.packages.map(describePackage), complete: lock.complete },
    inputs,
  };
}

function describeBase(
  name: string,
  base: Extract<PlanStep, { kind: 'overlay' }>['base'],
): DescribedStep['base'] {
  return { name, digest: 'artifact' in base ? base.artifact.digest : null };
}

function describePackage({ name, version, architecture }: DescribedPackage): DescribedPackage {
  return { name, version, architecture };
}

function describeArtifact({ kind, name, fileName, digest, size }: Artifact): DescribedArtifact {
  return { kind, name, fileName, digest, size };
}
