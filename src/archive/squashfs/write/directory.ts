/**
 * Directory listings: runs of entries in byte order of their names, each run led by a header.
 *
 *   header: entries - 1 u32 | inode block u32 | inode number u32
 *   entry:  inode offset u16 | inode number - header's s16 | type u16 | name length - 1 u16 | name
 *
 * A run ends after 256 entries, where the inodes' metadata block changes, where a number is out of
 * the 16-bit range, and where the listing enters another metadata block, so that the index of a
 * large directory can point to a header there.
 */
import type { ByteString } from '../../../core/byte-string.js';
import type { InodeKind } from '../../tree/tree.js';
import { BASIC_TYPE, type DirectoryIndexEntry, type DirectoryLayout } from '../format/inode.js';
import { LISTING, METADATA_SIZE } from '../format/format.js';
import type { MetadataPlace, MetadataWriter } from './metadata-writer.js';

export interface ListedInode {
  readonly name: ByteString;
  readonly kind: InodeKind;
  readonly number: number;
  readonly place: MetadataPlace;
}

/** The kernel counts index entries in 16 bits. */
const MAX_INDEX = 0xffff;

/** Writes a listing; `entries` stand in byte order of their names. */
export function writeListing(
  writer: MetadataWriter,
  entries: readonly ListedInode[],
): Omit<DirectoryLayout, 'parent'> {
  const { block, offset } = writer.place;
  const index: DirectoryIndexEntry[] = [];
  let size = 0;
  let indexed = block;
  for (let at = 0; at < entries.length;) {
    const run = nextRun(entries, at, writer.place.offset);
    const first = run[0];
    if (first === undefined) break;
    const headerBlock = writer.place.block;
    if (headerBlock !== indexed && index.length < MAX_INDEX) {
      index.push({ offset: size, block: headerBlock, name: first.name });
      indexed = headerBlock;
    }
    const bytes = encodeRun(run, first);
    writer.write(bytes);
    size += bytes.length;
    at += run.length;
  }
  return { block, offset, size, index };
}

/** The longest run from `at` that one header can lead; `offset` is where its header goes. */
function nextRun(entries: readonly ListedInode[], at: number, offset: number): ListedInode[] {
  const run: ListedInode[] = [];
  let end = offset + LISTING.header;
  for (const entry of entries.slice(at, at + LISTING.maxRun)) {
    const first = run[0] ?? entry;
    const distance = entry.number - first.number;
    if (entry.place.block !== first.place.block || distance < -0x8000 || distance > 0x7fff) break;
    // Entries may cross into the next metadata block, but none begins there under this header.
    if (run.length > 0 && end >= METADATA_SIZE) break;
    run.push(entry);
    end += LISTING.entry + entry.name.length;
  }
  return run;
}

function encodeRun(run: readonly ListedInode[], first: ListedInode): Buffer {
  const length = run.reduce<number>(
    (sum, { name }) => sum + LISTING.entry + name.length,
    LISTING.header,
  );
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32LE(run.length - 1, 0);
  bytes.writeUInt32LE(first.place.block, 4);
  bytes.writeUInt32LE(first.number, 8);
  let at = LISTING.header;
  for (const { name, kind, number, place } of run) {
    bytes.writeUInt16LE(place.offset, at);
    bytes.writeInt16LE(number - first.number, at + 2);
    bytes.writeUInt16LE(BASIC_TYPE[kind], at + 4);
    bytes.writeUInt16LE(name.length - 1, at + 6);
    at += LISTING.entry + bytes.write(name, at + LISTING.entry, 'latin1');
  }
  return bytes;
}
