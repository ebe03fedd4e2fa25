/** Which artifacts of two releases belong together. */
import { findArtifact, withoutArtifacts } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';

export interface ArtifactPair {
  readonly before?: Artifact;
  readonly after?: Artifact;
}

/** By kind and name: file names change with a kernel's version. In the order of the newer release. */
export function pairArtifacts(a: readonly Artifact[], b: readonly Artifact[]): ArtifactPair[] {
  return [
    ...b.map((after) => {
      const before = findArtifact(a, after);
      return before === undefined ? { after } : { before, after };
    }),
    ...withoutArtifacts(a, b).map((before) => ({ before })),
  ];
}
