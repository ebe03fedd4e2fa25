/**
 * The blocks of an earlier image, to be copied instead of compressed again. An image that was packed
 * with other settings or another compressor library, or by another program, has none to give: the
 * result must be the same as without it.
 *
 * An image whose sha256 is the one that packing it gave is proven: its blocks were decompressed and
 * compared with their digests then, and the digests stand in the index that the sha256 covers.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { OnibError } from '../../../core/errors.js';
import type { Digest } from '../../../core/digest.js';
import { readAt } from '../../bytes/read-at.js';
import { fileDigest } from '../../bytes/file-digest.js';
import {
  decodeIndexEntries,
  INDEX_HEADER,
  indexBytes,
  indexKey,
  indexLength,
} from './block-index.js';
import type { PreviousBlock } from '../write/block-writer.js';
import { BLOCK_RAW, BLOCK_SIZE_MASK, SUPER_SIZE } from '../format/format.js';
import { decodeSuperBlock } from '../format/super-block.js';

export interface PreviousImageOptions {
  readonly file: string;
  /** What packing it gave; an image that has another one is left alone. */
  readonly digest?: Digest;
}

/** What its blocks must have been compressed with, to be of use. */
export interface UsableBlocks {
  /** Byte of the image where the first one stands. */
  readonly firstBlock: number;
  readonly fingerprint: Buffer;
}

interface Place {
  readonly start: number;
  readonly sizeWord: number;
  readonly sum: number;
}

export class PreviousImage {
  private constructor(
    readonly descriptor: number,
    private readonly places: ReadonlyMap<string, Place>,
    /** It is, byte by byte, what was read back when it was packed. */
    readonly proven: boolean,
  ) {}

  /** Undefined when the file is not there or has no blocks for a pack with this fingerprint. */
  static open(
    { file, digest }: PreviousImageOptions,
    usable: UsableBlocks,
    checkpoint: () => void,
  ): PreviousImage | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    let places: ReadonlyMap<string, Place> | undefined;
    try {
      const { size } = fstatSync(descriptor);
      if (digest === undefined || digest === fileDigest(descriptor, size, checkpoint)) {
        places = readPlaces(descriptor, usable);
      }
    } finally {
      if (places === undefined) closeSync(descriptor);
    }
    return places && new PreviousImage(descriptor, places, digest !== undefined);
  }

  /** The compressed form of a block with this digest, at the beginning of `room`. */
  find(digest: Buffer, room: Buffer): PreviousBlock | undefined {
    const place = this.places.get(indexKey(digest));
    if (place === undefined) return undefined;
    const { start, sum, sizeWord } = place;
    const bytes = room.subarray(0, sizeWord & BLOCK_SIZE_MASK);
    if (bytes.length !== (sizeWord & BLOCK_SIZE_MASK)) return undefined;
    if (readAt(this.descriptor, bytes, start) !== bytes.length || crc32(bytes) !== sum) {
      return undefined;
    }
    return { bytes, raw: (sizeWord & BLOCK_RAW) !== 0, sum, start };
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function readPlaces(
  descriptor: number,
  { firstBlock, fingerprint }: UsableBlocks,
): ReadonlyMap<string, Place> | undefined {
  const end = blocksEnd(descriptor);
  if (end === undefined) return undefined;
  const header = readExactly(descriptor, INDEX_HEADER, end.index);
  if (header === undefined) return undefined;
  const count = indexLength(header, fingerprint);
  if (count === undefined || indexBytes(count) > end.file) return undefined;
  const bytes = readExactly(descriptor, indexBytes(count), end.index + INDEX_HEADER);
  if (bytes === undefined) return undefined;
  const places = new Map<string, Place>();
  let start = firstBlock;
  for (const { key, sizeWord, sum } of decodeIndexEntries(header, bytes)) {
    places.set(key, { start, sizeWord, sum });
    start += sizeWord & BLOCK_SIZE_MASK;
  }
  return start <= end.blocks ? places : undefined;
}

/** Bytes of the file where its blocks end and where its index begins, and its size. */
function blocksEnd(
  descriptor: number,
): { readonly blocks: number; readonly index: number; readonly file: number } | undefined {
  const { size } = fstatSync(descriptor);
  const head = readExactly(descriptor, SUPER_SIZE, 0);
  if (head === undefined) return undefined;
  try {
    const { inodeTable, bytesUsed } = decodeSuperBlock(head, size);
    return { blocks: inodeTable, index: bytesUsed, file: size };
  } catch (error) {
    if (error instanceof OnibError && error.code === 'ARCHIVE_CORRUPT') return undefined;
    throw error;
  }
}

function readExactly(descriptor: number, length: number, position: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(length);
  return readAt(descriptor, bytes, position) === length ? bytes : undefined;
}
