/** The store that a command works on: `--store DIR`, else the project's. Nothing else of a project is read for it. */
import path from 'node:path';
import type { Command } from 'commander';
import { OnibError } from '../../core/errors.js';
import { findStore } from '../../project/store-path.js';
import { requireStore } from '../../store/require-store.js';
import { Store } from '../../store/store.js';
import type { Context } from './context.js';

export interface StoreOptions {
  /** `--store DIR` */
  readonly store?: string;
}

/** Adds `--store DIR`. */
export function addStoreOption(command: Command): Command {
  return command.option('--store <dir>', 'work on this store; no project is needed then');
}

/**
 * @throws {OnibError} `STORE_MISSING` where `--store` names no store; `NO_PROJECT` (exit 2) and `STORE_UNKNOWN` where
 *   the project does not tell
 */
export async function openStore(context: Context, { store }: StoreOptions): Promise<Store> {
  const named = store === undefined ? undefined : path.resolve(context.directory, store);
  const directory = named ?? (await storeOfProject(context.directory));
  await requireStore(directory, { mayBeMissing: named === undefined });
  return new Store(directory);
}

async function storeOfProject(directory: string): Promise<string> {
  try {
    return await findStore(directory);
  } catch (error) {
    if (!(error instanceof OnibError) || error.code !== 'NO_PROJECT') throw error;
    const { code, message, exitCode } = error;
    const hint = `-C <dir> of a project, or --store <dir>`;
    throw new OnibError(code, message, { exitCode, hint });
  }
}
