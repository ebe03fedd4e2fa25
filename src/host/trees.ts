/** Remove trees without ever crossing into something that is mounted there. */
import { rm } from 'node:fs/promises';
import { OnibError } from '../errors.js';
import { mountsBelow } from './mounts.js';

/** @throws {OnibError} `TREE_HAS_MOUNT` when a filesystem is mounted on the directory or below it; nothing is removed then. */
export async function removeTree(directory: string): Promise<void> {
  const mounts = await mountsBelow(directory);
  if (mounts.length > 0) {
    throw new OnibError(
      'TREE_HAS_MOUNT',
      `Cannot remove "${directory}": a filesystem is mounted on ${mounts.join(', ')}`,
      { hint: `umount ${mounts[0] ?? directory}` },
    );
  }
  await rm(directory, { recursive: true, force: true });
}
