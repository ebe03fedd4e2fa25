/**
 * What all projects of a host share: downloaded packages, lists of mirrors, snapshots, Python toolboxes.
 * Builds make it again where it is missing; a file's time is when a build used it last.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export const CACHE_DIRECTORY = '/var/cache/onib';
/** A file that no build has used for so long may go. */
export const UNUSED_DAYS = 90;
const DAY_MS = 86_400_000;

/** Also false for a file that a build has taken away meanwhile. */
export async function isUnused(file: string, now: number): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() === true && now - stats.mtimeMs > UNUSED_DAYS * DAY_MS;
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
    if (await isUnused(file, now)) unused.push(file);
  }
  return unused;
}
