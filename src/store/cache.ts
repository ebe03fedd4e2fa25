/**
 * What all projects of a host share: downloaded packages, lists of mirrors, snapshots, Python toolboxes.
 * Builds make it again where it is missing; a file's time is when a build used it last.
 */
import { readdir, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

export const CACHE_DIRECTORY = '/var/cache/onib';
/** A file that no build has used for so long may go. */
export const UNUSED_DAYS = 90;
const DAY_MS = 86_400_000;

/** Files that are not there count for nothing. */
export async function markUsed(files: readonly string[]): Promise<void> {
  const now = new Date();
  for (const file of files) {
    await utimes(file, now, now).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  }
}

/**
 * Files of a cache that no build has used lately.
 *
 * @param now Milliseconds since 1970.
 */
export async function unusedFiles(cache: string, now: number): Promise<string[]> {
  const names = await readdir(cache, { recursive: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const unused: string[] = [];
  for (const name of names) {
    const file = path.join(cache, name);
    // A build may take it away meanwhile.
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile() === true && now - stats.mtimeMs > UNUSED_DAYS * DAY_MS) unused.push(file);
  }
  return unused;
}
