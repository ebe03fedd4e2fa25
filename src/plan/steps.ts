/** Which candidates are built, and why: those that are not there, or are made of something else. */
import { shortDigest } from '../core/digest.js';
import { findArtifact, hasArtifact } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Candidate, OverlayCandidate } from './candidates.js';
import type { Context } from './context.js';
import type { Facts } from './facts.js';
import { levelInputs } from './inputs/image-inputs.js';
import { inputDigest, type Inputs } from './inputs/inputs.js';
import { usesHostFacts } from './inputs/provisioner-inputs.js';
import { withoutPackages } from './inputs/package-inputs.js';
import { BASE_INPUT, inputReasons } from './inputs/reasons.js';
import type { OverlayStep, PlanStep } from './plan.js';
import { changeInWords } from '../core/version-changes.js';

/**
 * @param candidates Bases before what is made over them.
 * @param artifacts Those that are there.
 */
export function planSteps(
  candidates: readonly Candidate[],
  artifacts: readonly Artifact[],
  context: Context,
): PlanStep[] {
  const steps: PlanStep[] = [];
  for (const candidate of candidates) {
    const reasons = [...forced(candidate, context), ...changes(candidate, artifacts, context)];
    const step =
      candidate.kind === 'overlay'
        ? overBase(candidate, reasons, artifacts, steps, context)
        : { ...candidate, reasons };
    if (step.reasons.length > 0) steps.push({ ...step, ...provisioning(step, context) });
  }
  return steps;
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

/** What provisioning it takes: nobody asks while there is nothing to build. */
function provisioning(
  candidate: Candidate,
  { facts }: Context,
): Pick<PlanStep, 'levels' | 'hostFacts'> {
  if (candidate.kind === 'loaders') return { levels: [], hostFacts: [] };
  const { image, sources } = candidate;
  return {
    levels: levelInputs(image, facts, sources).map(inputDigest),
    hostFacts: image.provisioners.map((one) => usesHostFacts(image, one, facts)),
  };
}

function overBase(
  candidate: OverlayCandidate,
  own: readonly string[],
  artifacts: readonly Artifact[],
  steps: readonly PlanStep[],
  { facts }: Context,
): OverlayCandidate & Pick<OverlayStep, 'base' | 'reasons'> {
  const { lock, image } = candidate;
  const name = image.base ?? '';
  const rebuilt = steps.find(({ products }) => hasArtifact(products, { kind: 'base', name }));
  const base = findArtifact(artifacts, { kind: 'base', name });
  const [overlay] = [
    ...productsIn(artifacts, candidate),
    ...(builtEarlier(candidate, facts) ?? []),
  ];
  const planned = base === undefined || rebuilt !== undefined;
  const otherBase = planned
    ? [`base image "${name}" is rebuilt`]
    : baseChange(overlay, base, [artifacts, ...(facts.known ?? [])]);
  return {
    ...candidate,
    base: planned ? { planned: name } : { artifact: base },
    ...(lock === undefined ? {} : { lock: overRebuilt(lock, rebuilt) }),
    // For a first build the base is no further reason.
    reasons: [...own, ...(overlay === undefined ? [] : otherBase)],
  };
}

/** `base image "base" is another build: 0123456789ab → ba9876543210`; where the images differ, their names. */
function baseChange(
  overlay: Artifact | undefined,
  base: Artifact,
  known: readonly (readonly Artifact[])[],
): string[] {
  if (overlay?.inputs[BASE_INPUT] === base.digest) return [];
  const was = overlay?.baseDigest;
  const before = known.flat().find(({ kind, digest }) => kind === 'base' && digest === was);
  if (before !== undefined && before.name !== base.name) {
    return [`base image: "${before.name}" → "${base.name}"`];
  }
  const digests = `${was === undefined ? 'none' : shortDigest(was)} → ${shortDigest(base.digest)}`;
  return [`base image "${base.name}" is another build: ${digests}`];
}

/** A base that takes new packages unsettles what is asked for over it. */
function overRebuilt(
  lock: NonNullable<OverlayStep['lock']>,
  base: PlanStep | undefined,
): NonNullable<OverlayStep['lock']> {
  const settled = base === undefined || base.lock?.complete === true;
  return { ...lock, complete: settled && lock.complete };
}
