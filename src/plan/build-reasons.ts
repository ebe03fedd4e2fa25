/** Why a candidate is built: it is not there, or is made of something else. In words for a person. Pure. */
import { shortDigest } from '../core/digest.js';
import { changeInWords } from '../core/version-changes.js';
import { findArtifact } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Candidate, OverlayCandidate } from './candidates.js';
import type { Context } from './context.js';
import type { Facts } from './facts.js';
import type { Inputs } from './inputs/inputs.js';
import { withoutPackages } from './inputs/package-inputs.js';
import { BASE_INPUT, inputReasons } from './inputs/reasons.js';

/**
 * Why a candidate is built; empty: it is there, and made of the same. An overlay's base is no part of it.
 *
 * @param artifacts Those that are there.
 */
export function buildReasons(
  candidate: Candidate,
  artifacts: readonly Artifact[],
  context: Context,
): string[] {
  return [...forced(candidate, context), ...changes(candidate, artifacts, context)];
}

function forced(candidate: Candidate, { force, wanted }: Context): string[] {
  return force && (candidate.kind === 'loaders' || wanted.has(candidate.image)) ? ['forced'] : [];
}

/** Why artifacts that are built together do not have these inputs. */
function changes(
  candidate: Candidate,
  artifacts: readonly Artifact[],
  { facts }: Context,
): string[] {
  const present = productsIn(artifacts, candidate);
  if (present.length === candidate.products.length) return differences(candidate, present, facts);
  if (present.length > 0) return ['a part is missing from the current release'];
  const earlier = builtEarlier(candidate, facts);
  if (earlier === undefined) return ['first build'];
  return ['it is not in the current release', ...differences(candidate, earlier, facts)];
}

function productsIn(artifacts: readonly Artifact[], { products }: Candidate): Artifact[] {
  return products.flatMap((key) => findArtifact(artifacts, key) ?? []);
}

/** All products of a candidate, of another release or of a build that failed in a later step. */
function builtEarlier(candidate: Candidate, { known = [] }: Facts): Artifact[] | undefined {
  return known
    .map((set) => productsIn(set, candidate))
    .find(({ length }) => length === candidate.products.length);
}

function differences(
  { inputs, lock, lockName }: Candidate,
  present: readonly Artifact[],
  facts: Facts,
): string[] {
  const newer = facts.newer?.[lockName] ?? [];
  const recorded = (artifact: Artifact): Inputs =>
    lock === undefined ? withoutPackages(artifact.inputs) : artifact.inputs;
  const reasons = present.flatMap((artifact) => inputReasons(recorded(artifact), inputs));
  if (newer.length > 0) reasons.push(...newer.map((change) => `package ${changeInWords(change)}`));
  else if (lock === undefined) reasons.push('onib.lock does not name its packages');
  return [...new Set(reasons)];
}

/**
 * Why an overlay is built for its base; of a first build the base is no further reason.
 *
 * @param base undefined: it is built in the same plan
 */
export function baseReasons(
  candidate: OverlayCandidate,
  base: Artifact | undefined,
  artifacts: readonly Artifact[],
  { facts }: Context,
): string[] {
  const [overlay] = [
    ...productsIn(artifacts, candidate),
    ...(builtEarlier(candidate, facts) ?? []),
  ];
  if (overlay === undefined) return [];
  if (base === undefined) return [`base image "${candidate.image.base ?? ''}" is rebuilt`];
  return baseChange(overlay, base, [...artifacts, ...(facts.known ?? []).flat()]);
}

/** `base image "base" is another build: 0123456789ab → ba9876543210`; where the images differ, their names. */
function baseChange(overlay: Artifact, base: Artifact, known: readonly Artifact[]): string[] {
  if (overlay.inputs[BASE_INPUT] === base.digest) return [];
  const was = overlay.baseDigest;
  const before = known.find(({ kind, digest }) => kind === 'base' && digest === was);
  if (before !== undefined && before.name !== base.name) {
    return [`base image: "${before.name}" → "${base.name}"`];
  }
  const digests = `${was === undefined ? 'none' : shortDigest(was)} → ${shortDigest(base.digest)}`;
  return [`base image "${base.name}" is another build: ${digests}`];
}
