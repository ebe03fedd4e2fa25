/**
 * Packs the upper directory of an overlay: a newc cpio archive, compressed.
 *
 * Whiteouts stay as they are. Extended attributes, which cpio cannot hold, stand in the archive's
 * `.onib/xattrs` (see `xattr-dump.ts`), which is there only when there are any: file capabilities,
 * ACLs, `trusted.overlay.opaque` and all others but overlayfs' own notes about the build host.
 * The same tree gives the same bytes, whatever the order of its directories, the clock and the
 * number of threads.
 *
 * Times before 1970 and after 2106, and those of symbolic links, stand in `.onib/times` (see
 * `time-dump.ts`). What is not kept: nanoseconds and access times.
 */
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';
import { packInThread, poolThreads, type PackControl } from './thread.js';
import type { OverlayCompressor, OverlayResult } from '../overlay/archive.js';

/** Highest and usual level. */
const LEVELS: Readonly<Record<OverlayCompressor, readonly [number, number]>> = {
  gzip: [9, 9],
  zstd: [19, 15],
};

export interface PackOverlayOptions extends PackControl {
  /** Default: gzip, which every kernel and every initrd unpacks. */
  readonly compressor?: OverlayCompressor;
  /** gzip 1 to 9, by default 9; zstd 1 to 19, by default 15. */
  readonly level?: number;
  /** What to leave out: patterns as `exclusion.ts` describes them, relative to the tree. */
  readonly exclude?: readonly string[];
  /** Seconds since 1970; later modification times become this one. */
  readonly sourceDateEpoch?: number;
  /** Pieces that are compressed at a time. Default: one for each CPU, as far as the thread pool goes. */
  readonly threads?: number;
}

/**
 * Writes `outFile`, replacing it only when the archive is complete.
 *
 * @param tree an upper directory of overlayfs that is not mounted any more, or any directory
 * @throws {OnibError} `OVERLAY_SETTINGS`, `BAD_PATTERN` (exit 2), `PACK_TREE_MISSING`,
 *   `PACK_MOUNT_INSIDE`, `PACK_TREE_CHANGED`, `PACK_UNREADABLE`, `PACK_OVERLAY_FEATURE`,
 *   `PACK_RESERVED_NAME`, `CPIO_CANNOT_HOLD`, `PACK_OUTPUT`, `DISK_FULL`
 */
export async function packOverlay(
  tree: string,
  outFile: string,
  options: PackOverlayOptions = {},
): Promise<OverlayResult> {
  const { compressor = 'gzip', exclude = [], sourceDateEpoch, threads = poolThreads() } = options;
  const [highest, usual] = LEVELS[compressor];
  const { level = usual } = options;
  if (!Number.isInteger(level) || level < 1 || level > highest) {
    throw new OnibError(
      'OVERLAY_SETTINGS',
      `Cannot compress an overlay: level ${String(level)} of ${compressor} does not exist`,
      {
        hint: `use 1 to ${String(highest)}`,
        exitCode: EXIT.usage,
      },
    );
  }
  return await packInThread(
    {
      kind: 'overlay',
      tree: path.resolve(tree),
      outFile: path.resolve(outFile),
      compressor,
      level,
      exclude,
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
      threads,
    },
    options,
  );
}
