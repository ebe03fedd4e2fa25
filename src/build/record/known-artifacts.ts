/** What was built before: found for planning, and recorded as long as no release holds it. */
import { stat } from 'node:fs/promises';
import type { Artifact } from '../../contract/release-manifest.js';
import { inputContent } from '../../facts/roles/input-content.js';
import type { Plan } from '../../plan/plan.js';
import { keepInputTexts, textInputs } from '../../store/input-texts.js';
import type { Store } from '../../store/store.js';
import type { BuildEvent } from './events.js';
import { recordStepSize } from '../../store/step-sizes.js';
import { readUnreleased, recordUnreleased } from '../../store/unreleased.js';

/** Older ones hardly fit, and every plan reads their manifests. */
const RELEASES = 8;

/** Artifacts that wait for a release, and those of the newest releases but the current one. */
export async function knownArtifacts(
  store: Store,
  currentId: string | undefined,
): Promise<readonly (readonly Artifact[])[]> {
  const ids = (await store.releaseIds()).filter((id) => id !== currentId).reverse();
  const sets = [await readUnreleased(store)];
  for (const id of ids.slice(0, RELEASES)) {
    // A release that cannot be read is told by `onib releases`; here it only knows nothing.
    const release = await store.release(id).catch(() => undefined);
    if (release !== undefined) sets.push(await whole(store, release.artifacts));
  }
  return sets.filter(({ length }) => length > 0);
}

async function whole(store: Store, artifacts: readonly Artifact[]): Promise<Artifact[]> {
  const sizes = await Promise.all(
    artifacts.map(({ digest }) => stat(store.objectPath(digest)).catch(() => undefined)),
  );
  return artifacts.filter(({ size }, index) => sizes[index]?.size === size);
}

/** Records what steps make, and the room that they took, in the order in which they end. */
export class StepRecord {
  readonly #store: Store;
  readonly #plan: Plan;
  /** Of what goes into the steps as it is when the build begins, by digest. */
  readonly #texts: ReadonlyMap<string, Buffer>;
  #last: Promise<void> = Promise.resolve();

  private constructor(store: Store, plan: Plan, texts: ReadonlyMap<string, Buffer>) {
    this.#store = store;
    this.#plan = plan;
    this.#texts = texts;
  }

  static async begin(store: Store, plan: Plan): Promise<StepRecord> {
    const texts = new Map<string, Buffer>();
    for (const [name, digest] of plan.steps.flatMap(({ inputs }) => textInputs(inputs))) {
      const content = texts.has(digest) ? undefined : await inputContent(plan.root, name, digest);
      if (content !== undefined) texts.set(digest, content);
    }
    return new StepRecord(store, plan, texts);
  }

  add({ step, treeBytes, artifacts }: Extract<BuildEvent, { type: 'step-end' }>): void {
    const bytes = artifacts.reduce((sum, { size }) => sum + size, 0);
    const inputs = this.#plan.steps.find(({ title }) => title === step)?.inputs ?? {};
    // Only the next build misses what could not be recorded; a full disk has its own error.
    this.#last = this.#last
      .then(() => recordUnreleased(this.#store, artifacts))
      .then(() => recordStepSize(this.#store, step, { trees: treeBytes, artifacts: bytes }))
      .then(() => keepInputTexts(this.#store, inputs, this.#texts))
      .catch(() => undefined);
  }

  async settled(): Promise<void> {
    await this.#last;
  }
}
