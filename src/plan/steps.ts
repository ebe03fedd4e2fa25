/** Which candidates are built, and why: those that are not there, or are made of something else. */
import { findArtifact, hasArtifact } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Candidate, OverlayCandidate } from './candidates.js';
import type { Context } from './context.js';
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
        ? overBase(candidate, reasons, artifacts, steps)
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
  { products, inputs, lock, lockName }: Candidate,
  artifacts: readonly Artifact[],
  { facts }: Context,
): string[] {
  const present = products.flatMap((key) => findArtifact(artifacts, key) ?? []);
  if (present.length === 0) return ['first build'];
  if (present.length < products.length) return ['a part is missing from the current release'];
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
): OverlayCandidate & Pick<OverlayStep, 'base' | 'reasons'> {
  const { lock, image } = candidate;
  const name = image.base ?? '';
  const rebuilt = steps.find(({ products }) => hasArtifact(products, { kind: 'base', name }));
  const base = findArtifact(artifacts, { kind: 'base', name });
  const [overlay] = candidate.products.flatMap((key) => findArtifact(artifacts, key) ?? []);
  const planned = base === undefined || rebuilt !== undefined;
  const otherBase = planned
    ? [`base image "${name}" is rebuilt`]
    : overlay?.inputs[BASE_INPUT] === base.digest
      ? []
      : ['it was made over another base image'];
  return {
    ...candidate,
    base: planned ? { planned: name } : { artifact: base },
    ...(lock === undefined ? {} : { lock: overRebuilt(lock, rebuilt) }),
    // For a first build the base is no further reason.
    reasons: [...own, ...(overlay === undefined ? [] : otherBase)],
  };
}

/** A base that takes new packages unsettles what is asked for over it. */
function overRebuilt(
  lock: NonNullable<OverlayStep['lock']>,
  base: PlanStep | undefined,
): NonNullable<OverlayStep['lock']> {
  const settled = base === undefined || base.lock?.complete === true;
  return { ...lock, complete: settled && lock.complete };
}
