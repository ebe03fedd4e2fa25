/**
 * The blocks of an earlier image, to be copied instead of compressed again. An image that was packed
 * with other settings or another compressor library, or by another program, has none to give: the
 * result must be the same as without it.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { OnibError } from '../../errors.js';
import {
  decodeIndexEntries,
  INDEX_HEADER,
  indexBytes,
  indexKey,
  indexLength,
} from './block-index.js';
import type { StoredBlock } from './block-writer.js';
import { BLOCK_RAW, BLOCK_SIZE_MASK, SUPER_SIZE } from './format.js';
import { decodeSuperBlock } from './super-block.js';

interface Place {
  readonly start: number;
  readonly sizeWord: number;
  readonly sum: number;
}

export class PreviousImage {
  private constructor(
    private readonly descriptor: number,
    private readonly places: ReadonlyMap<string, Place>,
  ) {}

  /** Undefined when the file is not there or has no blocks for a pack with this fingerprint. */
  static open(file: string, firstBlock: number, fingerprint: Buffer): PreviousImage | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    let places: ReadonlyMap<string, Place> | undefined;
    try {
      places = readPlaces(descriptor, firstBlock, fingerprint);
    } finally {
      if (places === undefined) closeSync(descriptor);
    }
    return places === undefined ? undefined : new PreviousImage(descriptor, places);
  }

  /** The compressed form of a block with this digest. */
  find(digest: Buffer): StoredBlock | undefined {
    const place = this.places.get(indexKey(digest));
    if (place === undefined) return undefined;
    const bytes = readExactly(this.descriptor, place.sizeWord & BLOCK_SIZE_MASK, place.start);
    if (bytes === undefined || crc32(bytes) !== place.sum) return undefined;
    return { bytes, raw: (place.sizeWord & BLOCK_RAW) !== 0 };
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function readPlaces(
  descriptor: number,
  firstBlock: number,
  fingerprint: Buffer,
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
  for (let done = 0; done < length;) {
    const count = readSync(descriptor, bytes, done, length - done, position + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}
