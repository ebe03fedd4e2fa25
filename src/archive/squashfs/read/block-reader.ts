/** Data and fragment blocks of an image: read, decompressed on the thread pool, checked. */
import { LRUCache } from 'lru-cache';
import { readAt } from '../../bytes/read-at.js';
import { corrupt } from '../format/corrupt.js';
import type { DecompressorPool } from './decompressor-pool.js';
import { BLOCK_RAW, BLOCK_SIZE_MASK, SUPER_SIZE, type FragmentBlock } from '../format/format.js';
import type { ImageTables } from './image-tables.js';
import type { ImageFile } from './inode-reader.js';

/** One piece of a file. */
export type FilePiece =
  | { readonly kind: 'zeros'; readonly length: number }
  | {
      readonly kind: 'block';
      readonly start: number;
      readonly sizeWord: number;
      readonly length: number;
    }
  | {
      readonly kind: 'tail';
      readonly fragment: number;
      readonly offset: number;
      readonly length: number;
    };

/** Neighbouring files have their tails in one fragment block. */
const CACHED_FRAGMENTS = 4;

export class BlockReader {
  private readonly fragments = new LRUCache<number, Promise<Buffer>>({ max: CACHED_FRAGMENTS });
  /** Room for a block as stored, and as decompressed. */
  private readonly spare: [stored: Buffer, output: Buffer][] = [];

  constructor(
    private readonly descriptor: number,
    private readonly blockSize: number,
    /** Byte of the image behind the last block. */
    private readonly end: number,
    private readonly decompressors: DecompressorPool,
    private readonly tables: ImageTables,
  ) {}

  async *read(file: ImageFile): AsyncGenerator<Buffer> {
    for (const piece of this.pieces(file)) yield await this.piece(piece);
  }

  /** Where the parts of a file are, in order. */
  *pieces(file: ImageFile): Generator<FilePiece> {
    let { start } = file;
    let left = file.size;
    for (const sizeWord of file.blocks) {
      const length = Math.min(left, this.blockSize);
      if (sizeWord === 0) yield { kind: 'zeros', length };
      else yield { kind: 'block', start, sizeWord, length };
      start += sizeWord & BLOCK_SIZE_MASK;
      left -= length;
    }
    if (left === 0) return;
    if (file.fragment === undefined) throw corrupt('a file has fewer blocks than its size');
    yield { kind: 'tail', fragment: file.fragment, offset: file.tailOffset, length: left };
  }

  async piece(piece: FilePiece): Promise<Buffer> {
    switch (piece.kind) {
      case 'zeros':
        return Buffer.alloc(piece.length);
      case 'block': {
        const block = await this.block(piece.start, piece.sizeWord);
        if (block.length !== piece.length) throw corrupt('a block has not the length of its part');
        return block;
      }
      case 'tail': {
        const block = await this.fragment(piece.fragment);
        const end = piece.offset + piece.length;
        if (end > block.length) throw corrupt('a tail is outside its fragment block');
        return block.subarray(piece.offset, end);
      }
    }
  }

  /** A data or fragment block, decompressed. */
  async block(start: number, sizeWord: number): Promise<Buffer> {
    const stored = this.stored(start, sizeWord);
    if ((sizeWord & BLOCK_RAW) !== 0) return stored;
    const output = Buffer.allocUnsafeSlow(this.blockSize);
    const length = await this.decompressors.decompress(stored, output);
    return output.subarray(0, length);
  }

  /**
   * Gives a piece to `use`, in memory that is used again: reading a whole image block by block would
   * otherwise leave more behind than is collected in time.
   */
  async withPiece<T>(piece: FilePiece, use: (bytes: Buffer) => T): Promise<T> {
    if (piece.kind !== 'block' || (piece.sizeWord & BLOCK_RAW) !== 0) {
      return use(await this.piece(piece));
    }
    const [stored, output] = this.spare.pop() ?? [this.room(), this.room()];
    const size = this.storedInto(stored, piece.start, piece.sizeWord);
    const length = await this.decompressors.decompress(stored.subarray(0, size), output);
    if (length !== piece.length) throw corrupt('a block has not the length of its part');
    const result = use(output.subarray(0, length));
    this.spare.push([stored, output]);
    return result;
  }

  private room(): Buffer {
    return Buffer.allocUnsafeSlow(this.blockSize);
  }

  /** A block as it stands in the image. */
  stored(start: number, sizeWord: number): Buffer {
    const stored = Buffer.allocUnsafeSlow(Math.min(sizeWord & BLOCK_SIZE_MASK, this.blockSize));
    this.storedInto(stored, start, sizeWord);
    return stored;
  }

  /** Reads a stored block to the beginning of a buffer; returns its size. */
  private storedInto(stored: Buffer, start: number, sizeWord: number): number {
    const size = sizeWord & BLOCK_SIZE_MASK;
    if (size === 0 || size > this.blockSize || start < SUPER_SIZE || start + size > this.end) {
      throw corrupt(`a block of ${String(size)} bytes at ${String(start)} is outside`);
    }
    const done = readAt(this.descriptor, stored.subarray(0, size), start);
    if (done < size) throw corrupt(`it ends at byte ${String(start + done)}`);
    return size;
  }

  /** Where a fragment block stands. */
  fragmentPlace(index: number): FragmentBlock {
    return this.tables.fragment(index);
  }

  private fragment(index: number): Promise<Buffer> {
    const cached = this.fragments.get(index);
    if (cached !== undefined) return cached;
    const { start, sizeWord } = this.tables.fragment(index);
    const block = this.block(start, sizeWord);
    this.fragments.set(index, block);
    return block;
  }
}
