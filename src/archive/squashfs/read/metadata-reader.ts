/** Reads metadata blocks (see `metadata-writer.ts`) and keeps the ones used last. */
import { readSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { corrupt } from '../format/corrupt.js';
import type { DecompressorPool } from './decompressor-pool.js';
import { METADATA_RAW, METADATA_SIZE } from '../format/format.js';

interface MetadataBlock {
  readonly bytes: Buffer;
  /** Byte of the image where the next block begins. */
  readonly next: number;
}

/** How many bytes so many bytes of metadata blocks can give: a block takes at least three. */
export function mostMetadata(stored: number): number {
  return Math.ceil(stored / 3) * METADATA_SIZE;
}

/** 512 KiB of metadata: a directory's inodes and its listing stay at hand. */
const CACHED_BLOCKS = 64;

export class MetadataReader {
  private readonly cache = new LRUCache<number, MetadataBlock>({ max: CACHED_BLOCKS });
  private readonly output = Buffer.allocUnsafeSlow(METADATA_SIZE);

  constructor(
    private readonly descriptor: number,
    /** Byte of the image where nothing can be any more. */
    private readonly end: number,
    private readonly decompressors: DecompressorPool,
  ) {}

  /** The block whose header is at byte `at`. */
  block(at: number): MetadataBlock {
    const cached = this.cache.get(at);
    if (cached !== undefined) return cached;
    const block = this.load(at);
    this.cache.set(at, block);
    return block;
  }

  /** A cursor at `offset` of the block at byte `at`. */
  cursor(at: number, offset: number): MetadataCursor {
    return new MetadataCursor(this, at, offset);
  }

  /** Bytes that are not in a metadata block. */
  plain(at: number, length: number): Buffer {
    if (at + length > this.end)
      throw corrupt(`${String(length)} bytes at ${String(at)} are outside`);
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.descriptor, bytes, done, length - done, at + done);
      if (count === 0) throw corrupt(`it ends at byte ${String(at + done)}`);
      done += count;
    }
    return bytes;
  }

  private load(at: number): MetadataBlock {
    const header = this.plain(at, 2).readUInt16LE(0);
    const size = header & ~METADATA_RAW;
    if (size === 0 || size > METADATA_SIZE) {
      throw corrupt(`the metadata block at ${String(at)} has ${String(size)} bytes`);
    }
    const stored = this.plain(at + 2, size);
    const next = at + 2 + size;
    if ((header & METADATA_RAW) !== 0) return { bytes: stored, next };
    const length = this.decompressors.decompressSync(stored, this.output);
    return { bytes: Buffer.from(this.output.subarray(0, length)), next };
  }
}

/** Reads on from a place, from one block into the next. */
export class MetadataCursor {
  /** The block at `at`, once it was needed. */
  private block: MetadataBlock | undefined;

  constructor(
    private readonly reader: MetadataReader,
    private at: number,
    private offset: number,
  ) {}

  take(count: number): Buffer {
    const block = (this.block ??= this.reader.block(this.at));
    if (this.offset + count <= block.bytes.length) {
      const bytes = block.bytes.subarray(this.offset, this.offset + count);
      this.offset += count;
      return bytes;
    }
    return this.takeAcross(count);
  }

  u16(): number {
    return this.take(2).readUInt16LE(0);
  }

  s16(): number {
    return this.take(2).readInt16LE(0);
  }

  u32(): number {
    return this.take(4).readUInt32LE(0);
  }

  u64(): bigint {
    return this.take(8).readBigUInt64LE(0);
  }

  text(count: number): string {
    return this.take(count).toString('latin1');
  }

  private takeAcross(count: number): Buffer {
    const pieces: Buffer[] = [];
    for (let left = count; left > 0;) {
      const block = this.reader.block(this.at);
      if (this.offset > block.bytes.length) throw corrupt('a place is outside its metadata block');
      const piece = block.bytes.subarray(this.offset, this.offset + left);
      pieces.push(piece);
      left -= piece.length;
      this.offset += piece.length;
      // Only the last block of a table may be shorter; what goes on behind it is not of that table.
      if (left > 0) {
        if (block.bytes.length < METADATA_SIZE) throw corrupt('a table ends too early');
        this.at = block.next;
        this.block = undefined;
        this.offset = 0;
      }
    }
    return Buffer.concat(pieces);
  }
}
