/** What is wrong with a path that is no store: it is missing, or another directory than the one that was meant. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError } from '../core/errors.js';

export interface RequireOptions {
  /** Before the first build a project has no store. */
  readonly mayBeMissing: boolean;
}

/**
 * Holds for a store, and for an empty directory, which is one without a release.
 *
 * @param directory absolute path
 * @throws {OnibError} `STORE_MISSING` (exit 2): there is none, or it is no directory of a store
 */
export async function requireStore(
  directory: string,
  { mayBeMissing }: RequireOptions,
): Promise<void> {
  const names: string[] = await readdir(directory).catch(async (error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') throw noStore(directory, 'it is no directory');
    if (code !== 'ENOENT') throw error;
    const link = await lstat(directory).catch(() => undefined);
    if (link !== undefined) throw noStore(directory, 'it is a link to what is not there');
    if (mayBeMissing) return [];
    throw noStore(directory, 'there is no such directory');
  });
  if (names.length === 0 || names.includes('releases')) return;
  if (names.includes('manifest.json')) {
    const above = path.dirname(path.dirname(directory));
    throw noStore(directory, 'it is one release; its store is two directories above', above);
  }
  // A build that has failed, or a push that has not come to its end, leaves a store without releases.
  if (names.includes('objects')) return;
  if (names.includes('current')) {
    throw noStore(directory, 'it has "current" alone, without the releases that it names');
  }
  if (!mayBeMissing) throw noStore(directory, 'it has neither "objects" nor "releases"');
}

function noStore(directory: string, why: string, instead?: string): OnibError {
  return new OnibError('STORE_MISSING', `Cannot use store "${directory}": ${why}`, {
    exitCode: EXIT.usage,
    hint:
      instead === undefined
        ? 'a store is the directory that holds "objects", "releases" and "current"; onib push copies one'
        : `--store ${instead}`,
  });
}
