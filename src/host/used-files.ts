/** Files that are kept as long as somebody uses them: their time is when that was last. */
import { utimes } from 'node:fs/promises';

/** A file that is not there, or is not ours to change, keeps its time. */
const NOT_OURS = new Set(['ENOENT', 'EPERM', 'EACCES', 'EROFS']);

export async function markUsed(files: readonly string[]): Promise<void> {
  const now = new Date();
  for (const file of files) {
    await utimes(file, now, now).catch((error: unknown) => {
      if (!NOT_OURS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    });
  }
}
