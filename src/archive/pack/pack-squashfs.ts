/**
 * Packs a tree into a squashfs image: every file type, hard links, owners, extended attributes
 * (user, trusted, security), sparse files, any name. The same tree gives the same bytes, whatever
 * the order of its directories, the clock and the number of threads.
 *
 * What is not kept: nanoseconds and access times; times before 1970 and after 2106 become the
 * nearest one that 32 bits hold. POSIX ACLs cannot be stored and are refused.
 */
import path from 'node:path';
import { packInThread, poolThreads, type PackControl } from './thread.js';
import { checkCompression, type CompressionSettings } from '../squashfs/format/format.js';
import type { SquashfsResult } from '../squashfs/pack-image.js';
import type { PreviousImageOptions } from '../squashfs/repack/previous-image.js';

export interface PackSquashfsOptions extends CompressionSettings, PackControl {
  /** What to leave out: patterns as `exclusion.ts` describes them, relative to the tree. */
  readonly exclude?: readonly string[];
  /** Seconds since 1970; later modification times become this one. */
  readonly sourceDateEpoch?: number;
  /**
   * An earlier image, best of nearly the same tree: blocks whose content stands in it are copied and
   * not compressed again. The result is the same, byte by byte, with any file here and with none. With
   * the digest that packing it gave, what is copied need not be decompressed to be read back.
   */
  readonly previous?: PreviousImageOptions;
  /** Blocks that are compressed at a time. Default: one for each CPU, as far as the thread pool goes. */
  readonly threads?: number;
}

/**
 * Writes `outFile`, replacing it only when the image is complete.
 *
 * @param tree a directory; may be an overlayfs mount; must hold no other mount
 * @throws {OnibError} `SQUASHFS_SETTINGS`, `BAD_PATTERN` (exit 2), `LIBSQUASHFS_MISSING` (exit 3),
 *   `PACK_TREE_MISSING`, `PACK_MOUNT_INSIDE`, `PACK_TREE_CHANGED`, `PACK_UNREADABLE`,
 *   `PACK_OVERLAY_FEATURE`, `SQUASHFS_CANNOT_HOLD`, `PACK_OUTPUT`, `PACK_READ_BACK`, `DISK_FULL`
 */
export async function packSquashfs(
  tree: string,
  outFile: string,
  options: PackSquashfsOptions,
): Promise<SquashfsResult> {
  checkCompression(options);
  const { compressor, level, blockSize, exclude = [], sourceDateEpoch, previous } = options;
  return await packInThread(
    {
      kind: 'squashfs',
      tree: path.resolve(tree),
      outFile: path.resolve(outFile),
      compression: { compressor, blockSize, ...(level === undefined ? {} : { level }) },
      exclude,
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
      ...(previous === undefined
        ? {}
        : { previous: { ...previous, file: path.resolve(previous.file) } }),
      threads: options.threads ?? poolThreads(),
    },
    options,
  );
}
