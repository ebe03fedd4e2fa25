/**
 * Which artifact is meant: its kind and its name. A release holds each key once, and the next release
 * holds its successor under the same key; file names change with a kernel's version.
 */
import type { Artifact, ArtifactKind } from './release-manifest.js';

export type ArtifactKey = Readonly<Pick<Artifact, 'kind' | 'name'>>;

/** Parts of a kernel set; they are built together and fit only one another. */
export const KERNEL_SET_PARTS = ['kernel', 'initrd', 'modules'] as const;

export function isKernelSetPart(kind: ArtifactKind): boolean {
  return KERNEL_SET_PARTS.some((part) => part === kind);
}

function sameArtifact(a: ArtifactKey, b: ArtifactKey): boolean {
  return a.kind === b.kind && a.name === b.name;
}

export function findArtifact<T extends ArtifactKey>(
  artifacts: readonly T[],
  key: ArtifactKey,
): T | undefined {
  return artifacts.find((one) => sameArtifact(one, key));
}

export function hasArtifact(artifacts: readonly ArtifactKey[], key: ArtifactKey): boolean {
  return findArtifact(artifacts, key) !== undefined;
}

/** Those that have none of the keys. */
export function withoutArtifacts<T extends ArtifactKey>(
  artifacts: readonly T[],
  keys: readonly ArtifactKey[],
): T[] {
  return artifacts.filter((one) => !hasArtifact(keys, one));
}
