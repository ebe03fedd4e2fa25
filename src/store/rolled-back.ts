/**
 * That somebody went back to an earlier release, from which one and when:
 *
 *   <store>/rolled-back.json
 *
 * It counts as long as the release that it names is current, so whatever makes another one current ends it.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { parseChecked, Unfit, type Schema } from '../core/checked.js';
import { fileName, time } from '../contract/forms.js';
import { replaceFile } from '../host/whole-file.js';
import { currentId } from './current.js';
import type { Store } from './store.js';

export interface RolledBack {
  /** The release to which somebody went back. */
  readonly release: string;
  /** The newer one that was current before; of several rollbacks in a row the first one's. */
  readonly from: string;
  /** ISO 8601, UTC; of several in a row the first one's. */
  readonly since: string;
}

const SCHEMA = 'onib.rolled-back/1';

const record: Schema<RolledBack> = v.looseObject({
  schema: v.literal(SCHEMA),
  release: fileName,
  from: fileName,
  since: time,
});

const recordFile = (store: Store): string => path.join(store.directory, 'rolled-back.json');

/** Undefined where the current release is no earlier one, or nothing readable says so. */
export async function readRolledBack(store: Store): Promise<RolledBack | undefined> {
  const text = await readFile(recordFile(store), 'utf8').catch(() => '');
  return parseRolledBack(text, await currentId(store.directory));
}

/** @param current id of the current release: the text counts where it names that one */
export function parseRolledBack(text: string, current: string | undefined): RolledBack | undefined {
  try {
    const { release, from, since } = parseChecked(text, record);
    return release === current ? { release, from, since } : undefined;
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

/**
 * What to record of a switch. Pure.
 *
 * @param newestFirst ids of the store's releases
 */
export function rolledBackBy(
  switching: { readonly from: string | undefined; readonly to: string; readonly now: Date },
  earlier: RolledBack | undefined,
  newestFirst: readonly string[],
): RolledBack | undefined {
  const { to, now } = switching;
  const from = [earlier?.from, switching.from].find(
    (id) => id !== undefined && newestFirst.includes(id),
  );
  if (from === undefined || newestFirst.indexOf(to) <= newestFirst.indexOf(from)) return undefined;
  const since = earlier?.from === from ? earlier.since : now.toISOString();
  return { release: to, from, since };
}

/** For whoever holds the switch lock; undefined: nobody went back. */
export async function recordRolledBack(
  store: Store,
  rolledBack: RolledBack | undefined,
): Promise<void> {
  if (rolledBack === undefined) {
    await rm(recordFile(store), { force: true });
    return;
  }
  await replaceFile(recordFile(store), rolledBackText(rolledBack));
}

/** What the file holds. */
export function rolledBackText(rolledBack: RolledBack): string {
  return `${JSON.stringify({ schema: SCHEMA, ...rolledBack }, null, 2)}\n`;
}
