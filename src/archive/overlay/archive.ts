/** Packs the upper directory of an overlay into a compressed cpio archive; runs in a worker thread. */
import { createHash } from 'node:crypto';
import type { Digest } from '../../core/digest.js';
import { compileExclusion } from '../tree/exclusion.js';
import { GzipWriter } from '../bytes/gzip.js';
import { encodeNewc, type ExtraFile } from '../newc/writer.js';
import type { PackContext } from '../output/context.js';
import { writeError } from '../output/write-error.js';
import { packError } from '../tree/errors.js';
import { filePieces } from '../tree/source-file.js';
import { encodeTimeDump, treeTimes } from './time-dump.js';
import { scanTree } from '../tree/scan.js';
import type { Tree } from '../tree/tree.js';
import { encodeXattrDump, treeXattrs } from './xattr-dump.js';
import { writeAll } from '../bytes/write-all.js';
import { ZstdWriter } from '../bytes/zstd.js';

export type OverlayCompressor = 'gzip' | 'zstd';

export interface OverlayJob {
  readonly kind: 'overlay';
  readonly tree: string;
  readonly outFile: string;
  readonly compressor: OverlayCompressor;
  readonly level: number;
  readonly exclude: readonly string[];
  readonly sourceDateEpoch?: number;
  readonly threads: number;
}

export interface OverlayResult {
  /** Bytes of the archive. */
  readonly size: number;
  readonly digest: Digest;
  readonly inodes: number;
  /** Bytes of all files before compression. */
  readonly fileBytes: number;
}

/** The directory in a layer that is onib's own. */
const OWN_DIRECTORY = '.onib';
const READ_SIZE = 262_144;

export async function packOverlayArchive(
  job: OverlayJob,
  context: PackContext,
): Promise<OverlayResult> {
  const tree = scanTree(job.tree, {
    excluded: compileExclusion(job.exclude),
    latestTime: job.sourceDateEpoch,
    checkpoint: context.checkpoint,
  });
  const output = new Output(context.descriptor);
  const Writer = job.compressor === 'gzip' ? GzipWriter : ZstdWriter;
  const compressor = new Writer(job.level, job.threads, (bytes) => {
    output.write(bytes);
  });
  let bytesDone = 0;
  const piece = Buffer.allocUnsafeSlow(READ_SIZE);
  try {
    const read = (file: Parameters<typeof filePieces>[1]): Iterable<Buffer> =>
      filePieces(tree, file, piece);
    for (const bytes of encodeNewc(tree, ownFiles(tree), read)) {
      context.checkpoint();
      await compressor.add(bytes);
      bytesDone = Math.min(bytesDone + bytes.length, tree.fileBytes);
      context.progress(bytesDone, tree.fileBytes);
    }
    await compressor.finish();
  } catch (error) {
    throw writeError(job.outFile, error, tree.fileBytes - bytesDone);
  } finally {
    await compressor.settle();
  }
  return { ...output.end(), inodes: tree.inodeCount, fileBytes: tree.fileBytes };
}

/** `.onib/xattrs` and `.onib/times`, when there is anything that cpio has no place for. */
function ownFiles(tree: Tree): ExtraFile[] {
  if (tree.root.entries.some(({ name }) => name === OWN_DIRECTORY)) {
    throw packError(tree.source, OWN_DIRECTORY, 'PACK_RESERVED_NAME', 'the name is reserved', {
      hint: 'rename it: onib keeps what cpio cannot hold under that name',
    });
  }
  const files: ExtraFile[] = [
    { path: `${OWN_DIRECTORY}/times`, content: encodeTimeDump(treeTimes(tree)) },
    { path: `${OWN_DIRECTORY}/xattrs`, content: encodeXattrDump(treeXattrs(tree)) },
  ];
  const needed = files.filter(({ content }) => content?.length !== 0);
  return needed.length === 0 ? [] : [{ path: OWN_DIRECTORY }, ...needed];
}

/** A file that is written from its beginning to its end. */
class Output {
  private readonly hash = createHash('sha256');
  private size = 0;

  constructor(private readonly descriptor: number) {}

  write(bytes: Buffer): void {
    writeAll(this.descriptor, bytes, this.size);
    this.hash.update(bytes);
    this.size += bytes.length;
  }

  end(): { size: number; digest: Digest } {
    return { size: this.size, digest: `sha256:${this.hash.digest('hex')}` };
  }
}
