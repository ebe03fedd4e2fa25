/**
 * Artifacts that were built and are in no release yet, because a later step of their build failed:
 *
 *   <store>/unreleased.json
 *
 * The next build takes those whose inputs still fit, and gc leaves their objects alone.
 */
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { artifactSchema } from '../contract/artifact-schema.js';
import { parseChecked, Unfit, type Schema } from '../core/checked.js';
import { replaceFile } from '../host/whole-file.js';
import { withoutArtifacts } from '../contract/artifact-key.js';
import type { Artifact } from '../contract/release-manifest.js';
import type { Store } from './store.js';

const SCHEMA = 'onib.unreleased/1';

function recordFile(store: Store): string {
  return path.join(store.directory, 'unreleased.json');
}

/** Those whose objects are there, whole; what cannot be read counts as nothing. */
export async function readUnreleased(store: Store): Promise<Artifact[]> {
  const text = await readFile(recordFile(store), 'utf8').catch(() => '');
  const there: Artifact[] = [];
  for (const artifact of artifactsIn(text)) {
    const found = await stat(store.objectPath(artifact.digest)).catch(() => undefined);
    if (found?.size === artifact.size) there.push(artifact);
  }
  return there;
}

const record: Schema<{ readonly artifacts: readonly Artifact[] }> = v.looseObject({
  schema: v.literal(SCHEMA),
  artifacts: v.array(artifactSchema),
});

function artifactsIn(text: string): readonly Artifact[] {
  try {
    return parseChecked(text, record).artifacts;
  } catch (error) {
    if (error instanceof Unfit) return [];
    throw error;
  }
}

/** Adds artifacts; one of the same kind and name gives way. For whoever holds the lock. */
export async function recordUnreleased(store: Store, made: readonly Artifact[]): Promise<void> {
  const others = withoutArtifacts(await readUnreleased(store), made);
  await write(store, [...others, ...made]);
}

/** Forgets what is in a release now, or has been superseded by what is. For whoever holds the lock. */
export async function forgetUnreleased(store: Store, released: readonly Artifact[]): Promise<void> {
  const waiting = await readUnreleased(store);
  const left = withoutArtifacts(waiting, released);
  if (left.length === 0) await rm(recordFile(store), { force: true });
  else if (left.length < waiting.length) await write(store, left);
}

async function write(store: Store, artifacts: readonly Artifact[]): Promise<void> {
  const text = JSON.stringify({ schema: SCHEMA, artifacts }, null, 2);
  await replaceFile(recordFile(store), `${text}\n`);
}
