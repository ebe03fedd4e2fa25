/**
 * A squashfs metadata stream: cut into blocks of 8 KiB, each compressed and led by a 16-bit header
 * (its size on disk; 0x8000 set: stored as it is). Things in it are found by the place of their
 * block, relative to the table, and an offset in the uncompressed block.
 */
import { METADATA_RAW, METADATA_SIZE } from '../format/format.js';

/** The compressed bytes, or undefined when they would not be fewer; `CompressorPool` is one. */
export interface MetadataCompressor {
  compressSync(input: Buffer, scratch: Buffer): Buffer | undefined;
}

export interface MetadataPlace {
  /** Where the block's header is, in bytes from the table's start. */
  readonly block: number;
  /** In the uncompressed block. */
  readonly offset: number;
}

/** A place as the format stores it: block in bits 16 and up, offset below. */
export function placeReference({ block, offset }: MetadataPlace): bigint {
  return (BigInt(block) << 16n) | BigInt(offset);
}

export class MetadataWriter {
  private readonly blocks: Buffer[] = [];
  private readonly pending = Buffer.allocUnsafeSlow(METADATA_SIZE);
  private readonly scratch = Buffer.allocUnsafeSlow(METADATA_SIZE);
  private filled = 0;
  private stored = 0;

  constructor(private readonly compressors: MetadataCompressor) {}

  /** Where the next byte goes. */
  get place(): MetadataPlace {
    return { block: this.stored, offset: this.filled };
  }

  write(bytes: Buffer): void {
    let done = 0;
    while (done < bytes.length) {
      const count = bytes.copy(this.pending, this.filled, done);
      done += count;
      this.filled += count;
      if (this.filled === METADATA_SIZE) this.flush();
    }
  }

  /** All blocks of the table; nothing may be written afterwards. */
  finish(): Buffer {
    this.flush();
    return Buffer.concat(this.blocks);
  }

  /** Where each block begins, relative to the table; after {@link finish}. */
  blockStarts(): number[] {
    let start = 0;
    return this.blocks.map((block) => {
      start += block.length;
      return start - block.length;
    });
  }

  private flush(): void {
    if (this.filled === 0) return;
    const block = encodeMetadataBlock(
      this.pending.subarray(0, this.filled),
      this.compressors,
      this.scratch,
    );
    this.blocks.push(block);
    this.stored += block.length;
    this.filled = 0;
  }
}

function encodeMetadataBlock(
  bytes: Buffer,
  compressors: MetadataCompressor,
  scratch: Buffer,
): Buffer {
  const compressed = compressors.compressSync(bytes, scratch);
  return compressed === undefined
    ? rawMetadataBlock(bytes)
    : withHeader(compressed.length, compressed);
}

/** A block that is stored as it is. */
export function rawMetadataBlock(bytes: Buffer): Buffer {
  return withHeader(bytes.length | METADATA_RAW, bytes);
}

function withHeader(header: number, bytes: Buffer): Buffer {
  const block = Buffer.allocUnsafe(2 + bytes.length);
  block.writeUInt16LE(header, 0);
  bytes.copy(block, 2);
  return block;
}
