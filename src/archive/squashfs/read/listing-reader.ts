/** Decodes the listings that `directory.ts` describes. */
import type { ByteString } from '../../../core/byte-string.js';
import { corrupt } from '../format/corrupt.js';
import { LISTING } from '../format/format.js';
import type { MetadataCursor } from './metadata-reader.js';

export interface ListingEntry {
  readonly name: ByteString;
  /** The inode's metadata block, relative to the inode table, and its offset in it. */
  readonly block: number;
  readonly offset: number;
}

const MAX_NAME = 255;

/**
 * Names come in byte order, none twice and none that would lead out of the directory: the writer of
 * an image does not have to be honest.
 */
export function readListing(cursor: MetadataCursor, size: number): ListingEntry[] {
  const entries: ListingEntry[] = [];
  let last = '';
  for (let left = size; left > 0;) {
    const count = cursor.u32() + 1;
    const block = cursor.u32();
    cursor.take(4);
    left -= LISTING.header;
    if (count > LISTING.maxRun) throw corrupt(`a directory header has ${String(count)} entries`);
    for (let entry = 0; entry < count; entry++) {
      const offset = cursor.u16();
      cursor.take(4); // Number and type: the inode itself says them.
      const length = cursor.u16() + 1;
      if (length > MAX_NAME) throw corrupt(`a name has ${String(length)} bytes`);
      const name = cursor.text(length);
      assertName(name, last);
      last = name;
      entries.push({ name, block, offset });
      left -= LISTING.entry + length;
    }
    if (left < 0) throw corrupt('a directory is longer than its size');
  }
  return entries;
}

function assertName(name: ByteString, last: ByteString): void {
  if (name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw corrupt(`a file has the name ${JSON.stringify(name)}`);
  }
  if (name <= last) throw corrupt(`the name ${JSON.stringify(name)} is out of order`);
}
