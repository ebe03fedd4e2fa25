/**
 * Artifacts that were built before and are not in the current release: of other releases of the store,
 * or of a build that failed in a later step. Where their inputs fit they are taken, not built again. Pure.
 */
import { findArtifact, withoutArtifacts } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Candidate } from './candidates.js';
import { BASE_INPUT, inputReasons } from './inputs/reasons.js';

export interface Taken {
  /** The artifacts of the current release, with those that were taken in the place of others. */
  readonly artifacts: readonly Artifact[];
  readonly taken: readonly Artifact[];
}

/**
 * @param known Sets of artifacts that were built together, the preferred one first.
 * @param candidates Bases before what is made over them.
 */
export function takeKnown(
  current: readonly Artifact[],
  known: readonly (readonly Artifact[])[],
  candidates: readonly Candidate[],
): Taken {
  let artifacts = current;
  const taken: Artifact[] = [];
  for (const candidate of candidates) {
    // While its packages are open, what was built before may have other ones.
    if (candidate.lock === undefined) continue;
    if (fitting(candidate, artifacts, artifacts) !== undefined) continue;
    const found = known
      .map((set) => fitting(candidate, set, artifacts))
      .find((parts) => parts !== undefined);
    if (found === undefined) continue;
    artifacts = [...withoutArtifacts(artifacts, found), ...found];
    taken.push(...found);
  }
  return { artifacts, taken };
}

/** All products of a candidate in a set, when each is made of the same; a kernel set's fit only one another. */
function fitting(
  candidate: Candidate,
  set: readonly Artifact[],
  artifacts: readonly Artifact[],
): readonly Artifact[] | undefined {
  const { products, inputs } = candidate;
  const found = products.flatMap((key) => findArtifact(set, key) ?? []);
  if (found.length < products.length) return undefined;
  if (found.some((artifact) => inputReasons(artifact.inputs, inputs).length > 0)) return undefined;
  if (candidate.kind !== 'overlay') return found;
  const base = findArtifact(artifacts, { kind: 'base', name: candidate.image.base ?? '' });
  return found.every((artifact) => artifact.inputs[BASE_INPUT] === base?.digest)
    ? found
    : undefined;
}
