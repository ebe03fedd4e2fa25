/** fsync(2) of a directory: names in it that came, changed or went are on disk then. */
import { open } from 'node:fs/promises';

export async function syncDirectory(name: string): Promise<void> {
  const directory = await open(name, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
