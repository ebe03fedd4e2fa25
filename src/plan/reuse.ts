/**
 * Artifacts that were built before and are not in the current release: of other releases of the store,
 * or of a build that failed in a later step. Where their inputs fit they are taken, not built again. Pure.
 */
import type { Artifact, ArtifactKind } from '../contract/release-manifest.js';
import type { Inputs } from './inputs/inputs.js';
import { BASE_INPUT, inputReasons } from './inputs/reasons.js';

/** What one step makes, and of what. */
export interface Product {
  readonly parts: readonly (readonly [kind: ArtifactKind, name: string])[];
  readonly inputs: Inputs;
  /** Name of the base image that it is made over. */
  readonly base?: string;
}

export interface Taken {
  /** The artifacts of the current release, with those that were taken in the place of others. */
  readonly artifacts: readonly Artifact[];
  readonly taken: readonly Artifact[];
}

/**
 * @param known Sets of artifacts that were built together, the preferred one first.
 * @param products Bases before what is made over them.
 */
export function takeKnown(
  current: readonly Artifact[],
  known: readonly (readonly Artifact[])[],
  products: readonly Product[],
): Taken {
  let artifacts = current;
  const taken: Artifact[] = [];
  for (const product of products) {
    if (fitting(product, artifacts, artifacts) !== undefined) continue;
    const found = known
      .map((set) => fitting(product, set, artifacts))
      .find((parts) => parts !== undefined);
    if (found === undefined) continue;
    artifacts = [...artifacts.filter((one) => !found.some(isSame(one))), ...found];
    taken.push(...found);
  }
  return { artifacts, taken };
}

/** All parts of the product in a set, when each is made of the same; a kernel set's fit only one another. */
function fitting(
  { parts, inputs, base }: Product,
  set: readonly Artifact[],
  artifacts: readonly Artifact[],
): readonly Artifact[] | undefined {
  const found = parts.map(([kind, name]) => set.find(isSame({ kind, name })));
  const whole = found.filter((artifact) => artifact !== undefined);
  if (whole.length < parts.length) return undefined;
  if (whole.some((artifact) => inputReasons(artifact.inputs, inputs).length > 0)) return undefined;
  if (base === undefined) return whole;
  const over = artifacts.find(isSame({ kind: 'base', name: base }))?.digest;
  return whole.every((artifact) => artifact.inputs[BASE_INPUT] === over) ? whole : undefined;
}

function isSame({ kind, name }: Pick<Artifact, 'kind' | 'name'>): (other: Artifact) => boolean {
  return (other) => other.kind === kind && other.name === name;
}
