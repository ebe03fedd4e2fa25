/** Checks the changes of an overlay against the base image that they were made over. */
import { compileExclusion } from '../tree/exclusion.js';
import { guardFindings, type BaseNode, type GuardFinding } from './guards.js';
import { withSquashfs, type SquashfsImage } from '../squashfs/read/image.js';
import type { ImageInode } from '../squashfs/read/inode-reader.js';
import { scanTree } from '../tree/scan.js';

/**
 * @param changes the upper directory, not mounted any more
 * @param base squashfs image
 * @throws {OnibError} as `packOverlay()` for a tree that cannot be read, `ARCHIVE_CORRUPT`
 */
export async function checkOverlay(changes: string, base: string): Promise<GuardFinding[]> {
  const tree = scanTree(changes, {
    excluded: compileExclusion([]),
    latestTime: undefined,
    checkpoint: () => undefined,
  });
  return await withSquashfs(base, (image) => guardFindings(tree, nodeOf(image, image.root())));
}

function nodeOf(image: SquashfsImage, inode: ImageInode): BaseNode {
  return {
    kind: inode.kind,
    ...(inode.kind === 'symlink' ? { target: inode.target } : {}),
    entries: () =>
      inode.kind === 'directory'
        ? new Map(image.list(inode).map(({ name, inode: entry }) => [name, nodeOf(image, entry)]))
        : new Map(),
  };
}
