/**
 * Why an artifact is not what its previous build was, and what would change it now: the inputs that
 * differ, with the lines of those whose texts the store has kept.
 */
import type { Inputs } from '../../plan/inputs/inputs.js';
import type { Plan } from '../../plan/plan.js';
import { BASE_INPUT, inputReasons } from '../../plan/inputs/reasons.js';
import { inputContent } from '../../facts/roles/input-content.js';
import { inputText } from '../../store/input-texts.js';
import { findArtifact, hasArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { listReleases, type ReleaseState } from '../../store/releases.js';
import type { Store } from '../../store/store.js';
import { changesBetween, type InputChange } from './input-changes.js';

export interface Explanation {
  readonly artifact: Artifact;
  readonly release: string;
  /** The newest earlier release in which it was another one. */
  readonly before?: { readonly release: string; readonly artifact: Artifact };
  /** From `before` to what it is now. */
  readonly changes: readonly InputChange[];
  /** Undefined without a plan. */
  readonly outlook: Outlook | undefined;
  /** From what it is now to what a build makes of it. */
  readonly pending: readonly InputChange[];
}

/** What a build of the whole project does with an artifact of the current release. */
export interface Outlook {
  /** `taken`: one of another release, or of a build that failed, takes its place; `dropped`: nothing does. */
  readonly next: 'stays' | 'built' | 'taken' | 'dropped';
  /** Why; of what stays none. */
  readonly reasons: readonly string[];
}

/**
 * @param artifact Of the current release.
 * @param plan Of the whole project; undefined: only what the store tells.
 */
export async function explainArtifact(
  artifact: Artifact,
  store: Store,
  plan: Plan | undefined,
): Promise<Explanation> {
  const releases = await listReleases(store);
  const place = releases.findIndex(({ current }) => current);
  const before = previousBuild(artifact, releases.slice(place + 1));
  const keptText = async (_: string, digest: string): Promise<string | undefined> =>
    await inputText(store, digest);
  const textNow = async (name: string, digest: string): Promise<string | undefined> =>
    (plan === undefined ? undefined : await inputContent(plan.root, name, digest))?.toString(
      'utf8',
    );
  const next = plan === undefined ? undefined : nextOf(artifact, plan);
  return {
    artifact,
    release: releases[place]?.id ?? '',
    ...(before === undefined ? {} : { before }),
    changes:
      before === undefined
        ? []
        : await changesBetween(before.artifact.inputs, artifact.inputs, keptText, keptText),
    outlook: next?.outlook,
    pending:
      next?.inputs === undefined
        ? []
        : await changesBetween(
            next.outlook.next === 'built' ? withoutBase(artifact.inputs) : artifact.inputs,
            next.inputs,
            keptText,
            textNow,
          ),
  };
}

/** @returns with the inputs of what takes the artifact's place, where anything does */
function nextOf(
  artifact: Artifact,
  { steps, reuse, drop }: Plan,
): { readonly outlook: Outlook; readonly inputs?: Inputs } {
  const step = steps.find(({ products }) => hasArtifact(products, artifact));
  if (step !== undefined) {
    return { outlook: { next: 'built', reasons: step.reasons }, inputs: step.inputs };
  }
  const taken = findArtifact(reuse, artifact);
  if (taken !== undefined) {
    const reasons = inputReasons(artifact.inputs, taken.inputs);
    return { outlook: { next: 'taken', reasons }, inputs: taken.inputs };
  }
  const dropped = drop.find((one) => hasArtifact([one.artifact], artifact));
  return dropped === undefined
    ? { outlook: { next: 'stays', reasons: [] } }
    : { outlook: { next: 'dropped', reasons: [dropped.reason] } };
}

function previousBuild(current: Artifact, earlier: readonly ReleaseState[]): Explanation['before'] {
  for (const { id, manifest } of earlier) {
    const artifact = findArtifact(manifest?.artifacts ?? [], current);
    if (artifact === undefined) continue;
    if (artifact.digest !== current.digest || artifact.inputDigest !== current.inputDigest) {
      return { release: id, artifact };
    }
  }
  return undefined;
}

/** A plan's inputs leave the base out: it may be built in the same plan. */
function withoutBase(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== BASE_INPUT));
}
