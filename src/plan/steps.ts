/** Which candidates are built: those that there is a reason for. */
import { findArtifact, hasArtifact } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Candidate, OverlayCandidate } from './candidates.js';
import type { Context } from './context.js';
import { levelInputs } from './inputs/image-inputs.js';
import { inputDigest } from './inputs/inputs.js';
import { usesHostFacts } from './inputs/provisioner-inputs.js';
import type { OverlayStep, PlanStep } from './plan.js';
import { baseReasons, buildReasons } from './build-reasons.js';

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
    const reasons = buildReasons(candidate, artifacts, context);
    const step =
      candidate.kind === 'overlay'
        ? overBase(candidate, reasons, artifacts, steps, context)
        : { ...candidate, reasons };
    if (step.reasons.length > 0) steps.push({ ...step, ...provisioning(step, context) });
  }
  return steps;
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
  context: Context,
): OverlayCandidate & Pick<OverlayStep, 'base' | 'reasons'> {
  const { lock, image } = candidate;
  const name = image.base ?? '';
  const rebuilt = steps.find(({ products }) => hasArtifact(products, { kind: 'base', name }));
  const base = findArtifact(artifacts, { kind: 'base', name });
  const planned = base === undefined || rebuilt !== undefined;
  return {
    ...candidate,
    base: planned ? { planned: name } : { artifact: base },
    ...(lock === undefined ? {} : { lock: overRebuilt(lock, rebuilt) }),
    reasons: [...own, ...baseReasons(candidate, planned ? undefined : base, artifacts, context)],
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
