/**
 * Why an artifact is not what its previous build was, and what would change it now: the inputs that
 * differ, with the lines of those whose texts the store has kept.
 */
import type { Plan } from '../../plan/plan.js';
import { BASE_INPUT, inputReasons } from '../../plan/inputs/reasons.js';
import { inputContent } from '../../facts/roles/input-content.js';
import { inputText } from '../../store/input-texts.js';
import { findArtifact, hasArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { listReleases, type ReleaseState } from '../../store/releases.js';
import type { Store } from '../../store/store.js';
import { changedLines, linesInWords, type LineChange } from './line-changes.js';

type Inputs = Readonly<Record<string, string>>;

export interface InputChange {
  /** As the manifest names it. */
  readonly input: string;
  /** One line for a person: `roles/x/tasks/main.yml changed: lines 12–14`. */
  readonly text: string;
  readonly before?: string;
  readonly after?: string;
  /** Where both texts are known. */
  readonly lines?: readonly LineChange[];
}

export interface Explanation {
  readonly artifact: Artifact;
  readonly release: string;
  /** The newest earlier release in which it was another one. */
  readonly before?: { readonly release: string; readonly artifact: Artifact };
  /** From `before` to what it is now. */
  readonly changes: readonly InputChange[];
  /** Why a build would make it anew; empty: it is up to date; undefined without a plan. */
  readonly outOfDate: readonly string[] | undefined;
  readonly pending: readonly InputChange[];
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
  const step = plan?.steps.find((one) => hasArtifact(one.products, artifact));
  const keptText = async (_: string, digest: string): Promise<string | undefined> =>
    await inputText(store, digest);
  const textNow = async (name: string, digest: string): Promise<string | undefined> =>
    (plan === undefined ? undefined : await inputContent(plan.root, name, digest))?.toString(
      'utf8',
    );
  return {
    artifact,
    release: releases[place]?.id ?? '',
    ...(before === undefined ? {} : { before }),
    changes:
      before === undefined
        ? []
        : await changesBetween(before.artifact.inputs, artifact.inputs, keptText, keptText),
    outOfDate: plan === undefined ? undefined : (step?.reasons ?? []),
    pending:
      step === undefined
        ? []
        : await changesBetween(withoutBase(artifact.inputs), step.inputs, keptText, textNow),
  };
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

type ReadText = (name: string, digest: string) => Promise<string | undefined>;

async function changesBetween(
  before: Inputs,
  after: Inputs,
  textBefore: ReadText,
  textAfter: ReadText,
): Promise<InputChange[]> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changes: InputChange[] = [];
  for (const input of names) {
    const [old, made] = [before[input], after[input]];
    if (old === made) continue;
    const [words = 'its base image changed'] = inputReasons(
      old === undefined ? {} : { [input]: old },
      made === undefined ? {} : { [input]: made },
    );
    const lines =
      old === undefined || made === undefined
        ? []
        : linesBetween(await textBefore(input, old), await textAfter(input, made));
    changes.push({
      input,
      text: lines.length === 0 ? words : `${words}: ${linesInWords(lines)}`,
      ...(old === undefined ? {} : { before: old }),
      ...(made === undefined ? {} : { after: made }),
      ...(lines.length === 0 ? {} : { lines }),
    });
  }
  return changes;
}

function linesBetween(before: string | undefined, after: string | undefined): LineChange[] {
  return before === undefined || after === undefined ? [] : changedLines(before, after);
}

/** A plan's inputs leave the base out: it may be built in the same plan. */
function withoutBase(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== BASE_INPUT));
}
