/**
 * Everything that the server can serve: exact names to objects, built from release manifests alone. No
 * part of a request ever becomes part of a path on disk. Pure.
 */
import type { Artifact, ReleaseManifest } from '../../src/contract/release-manifest.js';
import { hexOf } from '../../src/core/digest.js';
import type { ServedObject } from '../objects/served-object.js';

export interface Catalogue {
  /** The release that new boots get; undefined: there is none. */
  readonly current: ReleaseManifest | undefined;
  /** By id: every release of the store. */
  readonly releases: ReadonlyMap<string, ReleaseManifest>;
  /** By the 64 hex digits of the digest. */
  readonly objects: ReadonlyMap<string, ServedObject>;
  /** By release id and friendly name. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, ServedObject>>;
}

export const emptyCatalogue: Catalogue = buildCatalogue(undefined, []);

export function buildCatalogue(
  currentId: string | undefined,
  releases: readonly ReleaseManifest[],
): Catalogue {
  const objects = new Map<string, ServedObject>();
  const files = new Map<string, ReadonlyMap<string, ServedObject>>();
  for (const release of releases) {
    for (const artifact of release.artifacts) {
      objects.set(hexOf(artifact.digest), describeObject(artifact));
    }
    files.set(
      release.id,
      new Map(release.artifacts.map((artifact) => [artifact.fileName, describeObject(artifact)])),
    );
  }
  return {
    current: releases.find((release) => release.id === currentId),
    releases: new Map(releases.map((release) => [release.id, release])),
    objects,
    files,
  };
}

function describeObject(artifact: Artifact): ServedObject {
  return { sha256: hexOf(artifact.digest), size: artifact.size };
}

/** Loaders of the current release: what TFTP serves and DHCP names. */
export function loadersOf(catalogue: Catalogue): readonly Artifact[] {
  return catalogue.current?.artifacts.filter((artifact) => artifact.kind === 'loader') ?? [];
}
