/** Files that are kept as long as somebody uses them: their time is when that was last. */
import { utimes } from 'node:fs/promises';

/** Files that are not there count for nothing. */
export async function markUsed(files: readonly string[]): Promise<void> {
  const now = new Date();
  for (const file of files) {
    await utimes(file, now, now).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  }
}
