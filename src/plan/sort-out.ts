/** What of the release stays, and what no longer fits. What a step makes anew is neither. */
import { hasArtifact } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Config } from '../project/config.js';
import type { DroppedArtifact, Plan, PlanStep } from './plan.js';
import { LOADER_PRODUCTS, productsOf } from './products.js';

export function sortOut(
  artifacts: readonly Artifact[],
  steps: readonly PlanStep[],
  config: Config,
): Pick<Plan, 'keep' | 'drop'> {
  const left = artifacts.filter(
    (artifact) => !steps.some(({ products }) => hasArtifact(products, artifact)),
  );
  const bases = left.filter(
    (artifact) => artifact.kind === 'base' && orphaned(artifact, config) === undefined,
  );
  const keep: Artifact[] = [];
  const drop: DroppedArtifact[] = [];
  for (const artifact of left) {
    const reason = orphaned(artifact, config);
    const dropped =
      reason === undefined ? baseGone(artifact, bases, steps, config) : { artifact, reason };
    if (dropped === undefined) keep.push(artifact);
    else drop.push(dropped);
  }
  return { keep, drop };
}

function orphaned(artifact: Artifact, { images }: Config): string | undefined {
  if (artifact.kind === 'loader') {
    return hasArtifact(LOADER_PRODUCTS, artifact) ? undefined : 'it is no longer offered';
  }
  return hasArtifact(images.flatMap(productsOf), artifact)
    ? undefined
    : `no vars file "${artifact.name}" makes it any more`;
}

/** An overlay holds what changed over one base: over another it would not fit. */
function baseGone(
  artifact: Artifact,
  bases: readonly Artifact[],
  steps: readonly PlanStep[],
  { images }: Config,
): DroppedArtifact | undefined {
  if (artifact.kind !== 'overlay') return undefined;
  if (bases.some((base) => base.digest === artifact.baseDigest)) return undefined;
  const name = images.find((image) => hasArtifact(productsOf(image), artifact))?.base ?? '';
  const rebuilt = steps.some(({ products }) => hasArtifact(products, { kind: 'base', name }));
  if (!rebuilt) return { artifact, reason: 'its base image is no longer in the release' };
  const reason = `base image "${name}" is rebuilt: onib build overlay vars/${artifact.name}.yml`;
  return { artifact, reason, rebuiltBase: name };
}
