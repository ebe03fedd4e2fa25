/** Which artifacts of two releases belong together. */
import type { Artifact } from '../../contract/release-manifest.js';

export interface ArtifactPair {
  readonly before?: Artifact;
  readonly after?: Artifact;
}

/** By kind and name: file names change with a kernel's version. In the order of the newer release. */
export function pairArtifacts(a: readonly Artifact[], b: readonly Artifact[]): ArtifactPair[] {
  const partner = (artifact: Artifact, others: readonly Artifact[]): Artifact | undefined =>
    others.find(({ kind, name }) => kind === artifact.kind && name === artifact.name);
  return [
    ...b.map((after) => {
      const before = partner(after, a);
      return before === undefined ? { after } : { before, after };
    }),
    ...a.filter((artifact) => partner(artifact, b) === undefined).map((before) => ({ before })),
  ];
}
