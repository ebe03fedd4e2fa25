/**
 * Lookup tables: fixed-size records in metadata blocks, led to by a list of the blocks' places.
 * What super block fields point to is that list, which stands after its blocks.
 */
import type { FragmentBlock } from '../format/format.js';
import { MetadataWriter, type MetadataCompressor } from './metadata-writer.js';

export interface LookupTable {
  /** Metadata blocks, then the list of their absolute places. */
  readonly bytes: Buffer;
  /** Absolute place of that list. */
  readonly start: number;
}

/** A table that begins at byte `at` of the image. */
export function encodeLookupTable(
  records: Buffer,
  at: number,
  compressors: MetadataCompressor,
): LookupTable {
  const writer = new MetadataWriter(compressors);
  writer.write(records);
  const blocks = writer.finish();
  const list = encodePlaces(writer.blockStarts().map((start) => at + start));
  return { bytes: Buffer.concat([blocks, list]), start: at + blocks.length };
}

export function encodePlaces(places: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * places.length);
  places.forEach((place, index) => bytes.writeBigUInt64LE(BigInt(place), 8 * index));
  return bytes;
}

/** Owners by number: every distinct uid and gid once, 32 bits each. */
export class IdTable {
  private readonly indices = new Map<number, number>();

  /** The id's place; ids are numbered as they come. */
  indexOf(id: number): number {
    const known = this.indices.get(id);
    if (known !== undefined) return known;
    const index = this.indices.size;
    this.indices.set(id, index);
    return index;
  }

  get count(): number {
    return this.indices.size;
  }

  encode(): Buffer {
    const bytes = Buffer.alloc(4 * this.count);
    let at = 0;
    for (const id of this.indices.keys()) at = bytes.writeUInt32LE(id, at);
    return bytes;
  }
}

/* start u64 | size word u32 | unused u32 */
export function encodeFragments(fragments: readonly FragmentBlock[]): Buffer {
  const bytes = Buffer.alloc(16 * fragments.length);
  fragments.forEach(({ start, sizeWord }, index) => {
    bytes.writeBigUInt64LE(BigInt(start), 16 * index);
    bytes.writeUInt32LE(sizeWord, 16 * index + 8);
  });
  return bytes;
}
