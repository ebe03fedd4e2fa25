/** Packs a tree into a squashfs image; runs in a worker thread. */
import { ftruncateSync } from 'node:fs';
import { OnibError } from '../../core/errors.js';
import type { Digest } from '../../core/digest.js';
import { compileExclusion } from '../tree/exclusion.js';
import { fileDigest } from '../bytes/file-digest.js';
import type { PackContext } from '../output/context.js';
import { writeError } from '../output/write-error.js';
import { scanTree } from '../tree/scan.js';
import type { Tree } from '../tree/tree.js';
import { unsignedTime } from '../bytes/unsigned-time.js';
import { writeAll } from '../bytes/write-all.js';
import { encodeBlockIndex } from './repack/block-index.js';
import { BlockCopies } from './repack/block-copies.js';
import { BlockWriter } from './write/block-writer.js';
import { CompressorPool } from './write/compressor-pool.js';
import { packContents } from './write/content.js';
import { compressionFingerprint } from './repack/fingerprint.js';
import {
  COMPRESSOR_ID,
  DEVICE_BLOCK,
  encodeCompressorOptions,
  encodeSuperBlock,
  FLAG,
  NO_TABLE,
  SUPER_SIZE,
  type CompressionSettings,
} from './format/format.js';
import { assertRepresentable, encodeMetadata, type MetadataFields } from './write/metadata.js';
import { rawMetadataBlock } from './write/metadata-writer.js';
import { PreviousImage, type PreviousImageOptions } from './repack/previous-image.js';
import { readBack } from './read-back.js';

export interface SquashfsJob {
  readonly kind: 'squashfs';
  readonly tree: string;
  readonly outFile: string;
  readonly compression: CompressionSettings;
  readonly exclude: readonly string[];
  readonly sourceDateEpoch?: number;
  /** An image whose blocks may be copied. */
  readonly previous?: PreviousImageOptions;
  readonly threads: number;
}

export interface SquashfsResult {
  /** Bytes of the image. */
  readonly size: number;
  readonly digest: Digest;
  readonly inodes: number;
  /** Bytes of all files before compression. */
  readonly fileBytes: number;
  /** Data and fragment blocks in the image. */
  readonly blocks: number;
  /** How many of them were copied from the previous image. */
  readonly copiedBlocks: number;
}

type Written = Pick<SquashfsResult, 'size' | 'blocks' | 'copiedBlocks'>;

/** Writes the image to the context's file from byte 0, and reads it back. */
export async function packImage(job: SquashfsJob, context: PackContext): Promise<SquashfsResult> {
  const { checkpoint, descriptor } = context;
  const excluded = compileExclusion(job.exclude);
  const tree = scanTree(job.tree, { excluded, latestTime: job.sourceDateEpoch, checkpoint });
  assertRepresentable(tree);
  const compressors = new CompressorPool(job.compression);
  try {
    const written = await writeImage(new ImageWriter(tree, job, context, compressors));
    const digest = fileDigest(descriptor, written.size, checkpoint);
    return { ...written, digest, inodes: tree.inodeCount, fileBytes: tree.fileBytes };
  } finally {
    compressors.close();
  }
}

/** A previous image may be damaged: what cannot be read back is packed once more without it. */
async function writeImage(writer: ImageWriter): Promise<Written> {
  const previous = writer.openPrevious();
  if (previous === undefined) return await writer.run(undefined);
  try {
    return await writer.run(previous);
  } catch (error) {
    if (!isReadBackFailure(error)) throw error;
    return await writer.run(undefined);
  } finally {
    previous.close();
  }
}

function isReadBackFailure(error: unknown): boolean {
  return (
    error instanceof OnibError &&
    (error.code === 'PACK_READ_BACK' || error.code === 'ARCHIVE_CORRUPT')
  );
}

class ImageWriter {
  private readonly options: Buffer | undefined;
  readonly fingerprint: Buffer;
  readonly firstBlock: number;
  private bytesDone = 0;

  constructor(
    private readonly tree: Tree,
    private readonly job: SquashfsJob,
    private readonly context: PackContext,
    private readonly compressors: CompressorPool,
  ) {
    const options = encodeCompressorOptions(job.compression);
    this.options = options === undefined ? undefined : rawMetadataBlock(options);
    this.firstBlock = SUPER_SIZE + (this.options?.length ?? 0);
    this.fingerprint = compressionFingerprint(job.compression);
  }

  openPrevious(): PreviousImage | undefined {
    const { previous } = this.job;
    if (previous === undefined) return undefined;
    return PreviousImage.open(previous, this, this.context.checkpoint);
  }

  async run(previous: PreviousImage | undefined): Promise<Written> {
    const { descriptor, checkpoint } = this.context;
    this.bytesDone = 0;
    const blocks = this.blockWriter(previous);
    try {
      const contents = await packContents(this.tree, {
        blockSize: this.job.compression.blockSize,
        writer: blocks,
        checkpoint: (bytes) => {
          this.advance(bytes);
        },
      });
      const { tree, compressors } = this;
      const at = blocks.position;
      const { bytes, fields } = encodeMetadata({ tree, ...contents, at, compressors, checkpoint });
      const index = encodeBlockIndex(this.fingerprint, blocks.written);
      const size = this.finish(bytes, fields, at, index);
      this.context.progress(tree.fileBytes, tree.fileBytes, 'read-back');
      const { threads } = this.job;
      const copies = new BlockCopies(descriptor, previous, blocks.written);
      await readBack({ tree, ...contents, descriptor, threads, checkpoint, copies });
      return { size, blocks: blocks.written.length, copiedBlocks: copies.count };
    } catch (error) {
      throw writeError(this.job.outFile, error, this.tree.fileBytes - this.bytesDone);
    } finally {
      await blocks.settle();
    }
  }

  private blockWriter(previous: PreviousImage | undefined): BlockWriter {
    return new BlockWriter({
      descriptor: this.context.descriptor,
      start: this.firstBlock,
      blockSize: this.job.compression.blockSize,
      threads: this.job.threads,
      compressors: this.compressors,
      findStored: (digest, room) => previous?.find(digest, room),
    });
  }

  private advance(bytes: number): void {
    this.context.checkpoint();
    this.bytesDone += bytes;
    this.context.progress(this.bytesDone, this.tree.fileBytes);
  }

  /** Writes what stands around the blocks; the bytes of the image. */
  private finish(metadata: Buffer, fields: MetadataFields, at: number, index: Buffer): number {
    const { descriptor } = this.context;
    const bytesUsed = at + metadata.length;
    const end = bytesUsed + index.length;
    const size = Math.ceil(end / DEVICE_BLOCK) * DEVICE_BLOCK;
    ftruncateSync(descriptor, size);
    if (this.options !== undefined) writeAll(descriptor, this.options, SUPER_SIZE);
    writeAll(descriptor, metadata, at);
    writeAll(descriptor, index, bytesUsed);
    writeAll(descriptor, Buffer.alloc(size - end), end);
    const superBlock = encodeSuperBlock({
      ...fields,
      // Not the clock: the same tree gives the same image.
      modified: unsignedTime(this.tree.newest),
      blockSize: this.job.compression.blockSize,
      compressorId: COMPRESSOR_ID[this.job.compression.compressor],
      flags: flagsOf(fields, this.options !== undefined),
      bytesUsed: BigInt(bytesUsed),
    });
    writeAll(descriptor, superBlock, 0);
    return size;
  }
}

function flagsOf(fields: MetadataFields, options: boolean): number {
  return (
    FLAG.exportable |
    (fields.fragmentCount === 0 ? FLAG.noFragments : FLAG.alwaysFragments) |
    (fields.xattrTable === NO_TABLE ? FLAG.noXattrs : 0) |
    (options ? FLAG.compressorOptions : 0)
  );
}
