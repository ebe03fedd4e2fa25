/**
 * Releases that were never current, each with the reason:
 *
 *   <store>/held/<id>     a file that a user can read; gone once the release is current
 *
 * `onib rollback` passes over them: they are not what was there before.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Store } from './store.js';

const markOf = (store: Store, id: string): string => path.join(store.directory, 'held', id);

/**
 * What a new release is marked with before it appears, so that one whose build is killed before the switch is not taken
 * for one that was current.
 */
export const NOT_SWITCHED_YET = 'its build broke off before the switch';

/** For whoever holds the switch lock, or makes the release. @param reason undefined: it is held no more */
export async function hold(store: Store, id: string, reason: string | undefined): Promise<void> {
  const file = markOf(store, id);
  if (reason === undefined) {
    await rm(file, { force: true });
    return;
  }
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${reason}\n`);
}

/** Gives another reason to one that is held. One that was current once is not held again. */
export async function holdOn(store: Store, id: string, reason: string): Promise<void> {
  if ((await heldBecause(store, id)) !== undefined) await hold(store, id, reason);
}

export async function heldBecause(store: Store, id: string): Promise<string | undefined> {
  const text = await readFile(markOf(store, id), 'utf8').catch(() => undefined);
  return text?.trim();
}
