/** What a running build leaves for the next one: artifacts that no release holds yet, sizes, texts of inputs. */
import { inputContent } from '../../facts/roles/input-content.js';
import type { Plan } from '../../plan/plan.js';
import { keepInputTexts, textInputs } from '../../store/input-texts.js';
import type { Store } from '../../store/store.js';
import type { BuildEvent } from './events.js';
import { recordStepSize } from '../../store/step-sizes.js';
import { recordUnreleased } from '../../store/unreleased.js';

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
