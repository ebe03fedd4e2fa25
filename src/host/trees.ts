/** Whole trees: removed without ever crossing into something that is mounted there, and measured. */
import { chmod, chown, lstat, realpath, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../core/errors.js';
import { mountsBelow } from './mounts.js';
import { run } from './run.js';

/** @throws {OnibError} `TREE_HAS_MOUNT` when a filesystem is mounted on the directory or below it; nothing is removed then. */
export async function removeTree(directory: string): Promise<void> {
  const mounts = await mountsBelow(await withoutLinks(directory));
  if (mounts.length > 0) {
    throw new OnibError(
      'TREE_HAS_MOUNT',
      `Cannot remove "${directory}": a filesystem is mounted on ${mounts.join(', ')}`,
      { hint: `umount ${mounts[0] ?? directory}` },
    );
  }
  await rm(directory, { recursive: true, force: true });
}

/** Bytes that a directory takes on its own filesystem; nothing that is mounted in it counts. */
export async function bytesOnDisk(directory: string): Promise<number> {
  const argv = ['du', '--summarize', '--one-file-system', '--block-size=1', '--', directory];
  const { stdout } = await run(argv);
  return Number.parseInt(stdout, 10);
}

/** As the kernel writes it in its list of mounts; the last name may itself be a link, which is all that goes then. */
async function withoutLinks(directory: string): Promise<string> {
  const parent = await realpath(path.dirname(directory)).catch(() => path.dirname(directory));
  return path.join(parent, path.basename(directory));
}

/** Copies owner, mode and times of a directory. */
export async function copyAttributes(from: string, to: string): Promise<void> {
  const like = await lstat(from);
  await chown(to, like.uid, like.gid);
  await chmod(to, like.mode & 0o7777);
  await utimes(to, like.atime, like.mtime);
}
