/**
 * How much room each step of a build took the last time it was built:
 *
 *   <store>/sizes.json
 *
 * The next build looks whether there is as much before it begins.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { count } from '../contract/forms.js';
import { parseChecked, type Schema } from '../core/checked.js';
import { replaceFile } from '../host/whole-file.js';
import type { Store } from './store.js';

/** Bytes. */
export interface StepSize {
  /** Of its trees, in the memory that builds use. */
  readonly trees: number;
  /** Of its artifacts, in the store. */
  readonly artifacts: number;
}

/** By the step's title: `overlay discovery`. */
export type StepSizes = Readonly<Record<string, StepSize>>;

const SCHEMA = 'onib.sizes/1';

const record: Schema<{ readonly steps: StepSizes }> = v.looseObject({
  schema: v.literal(SCHEMA),
  steps: v.record(v.string(), v.looseObject({ trees: count, artifacts: count })),
});

/** What cannot be read counts as nothing known. */
export async function readStepSizes(store: Store): Promise<StepSizes> {
  try {
    const text = await readFile(path.join(store.directory, 'sizes.json'), 'utf8');
    return parseChecked(text, record).steps;
  } catch {
    return {};
  }
}

/** For whoever holds the lock. */
export async function recordStepSize(store: Store, step: string, size: StepSize): Promise<void> {
  const steps = { ...(await readStepSizes(store)), [step]: size };
  const text = JSON.stringify({ schema: SCHEMA, steps }, null, 2);
  await replaceFile(path.join(store.directory, 'sizes.json'), `${text}\n`);
}
