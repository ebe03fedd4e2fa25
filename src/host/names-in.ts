/** The names in a directory that need not be there. */
import { readdir } from 'node:fs/promises';

/** Sorted; empty when there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
