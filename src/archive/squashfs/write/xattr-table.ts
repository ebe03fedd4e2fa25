/**
 * Extended attributes: sets of pairs in one metadata stream, found through a table of sets. Inodes
 * with equal attributes share a set; a long value that stands there already is pointed to.
 *
 *   pair: namespace u16 (0x100: value is a place) | name length u16 | name | value length u32 | value
 *   set:  place u64 | pairs u32 | bytes u32
 *   table header: stream's start u64 | sets u32 | unused u32 | places of the table's blocks u64[]
 *
 * squashfs knows three namespaces. POSIX ACLs (system.posix_acl_*) have no place in it.
 */
import { bytesOf, type ByteString } from '../../../core/byte-string.js';
import type { Xattr } from '../../tree/tree.js';
import { NO_XATTR, XATTR_NAMESPACES, XATTR_VALUE_ELSEWHERE } from '../format/format.js';
import { MetadataWriter, placeReference, type MetadataCompressor } from './metadata-writer.js';
import { encodePlaces } from './tables.js';

/** Values of at most this many bytes cost less than a place. */
const PLACE_SIZE = 8;

/** True when squashfs has a place for an attribute of this name. */
export function isStorable(name: ByteString): boolean {
  return XATTR_NAMESPACES.some((prefix) => name.startsWith(prefix));
}

export class XattrTable {
  private readonly writer: MetadataWriter;
  private readonly setIndex = new Map<string, number>();
  private readonly sets: Buffer[] = [];
  private readonly values = new Map<string, bigint>();

  constructor(private readonly compressors: MetadataCompressor) {
    this.writer = new MetadataWriter(compressors);
  }

  get isEmpty(): boolean {
    return this.sets.length === 0;
  }

  /** The set's place, or {@link NO_XATTR}; every name is storable, names stand in byte order. */
  indexOf(xattrs: readonly Xattr[]): number {
    if (xattrs.length === 0) return NO_XATTR;
    const key = xattrs
      .map(({ name, value }) => `${name}\0${String(value.length)}\0${value.toString('latin1')}`)
      .join('');
    const known = this.setIndex.get(key);
    if (known !== undefined) return known;
    const index = this.sets.length;
    this.sets.push(this.writeSet(xattrs));
    this.setIndex.set(key, index);
    return index;
  }

  private writeSet(xattrs: readonly Xattr[]): Buffer {
    const set = Buffer.alloc(16);
    set.writeBigUInt64LE(placeReference(this.writer.place), 0);
    const size = xattrs.reduce((sum, xattr) => sum + this.writePair(xattr), 0);
    set.writeUInt32LE(xattrs.length, 8);
    set.writeUInt32LE(size, 12);
    return set;
  }

  /** Bytes that the pair takes. */
  private writePair({ name, value }: Xattr): number {
    const namespace = XATTR_NAMESPACES.findIndex((prefix) => name.startsWith(prefix));
    const rest = bytesOf(name.slice(XATTR_NAMESPACES[namespace]?.length));
    const content = value.toString('latin1');
    const known = value.length > PLACE_SIZE ? this.values.get(content) : undefined;
    const head = Buffer.alloc(4 + rest.length);
    head.writeUInt16LE(namespace | (known === undefined ? 0 : XATTR_VALUE_ELSEWHERE), 0);
    head.writeUInt16LE(rest.length, 2);
    rest.copy(head, 4);
    this.writer.write(head);
    if (known === undefined) this.values.set(content, placeReference(this.writer.place));
    const stored = known === undefined ? value : placeBytes(known);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(stored.length, 0);
    this.writer.write(length);
    this.writer.write(stored);
    return head.length + length.length + stored.length;
  }

  /** The whole table, to stand at byte `at`; `start` is what the super block names. */
  encode(at: number): { readonly bytes: Buffer; readonly start: number } {
    const stream = this.writer.finish();
    const table = new MetadataWriter(this.compressors);
    table.write(Buffer.concat(this.sets));
    const blocks = table.finish();
    const blocksAt = at + stream.length;
    const header = Buffer.alloc(16);
    header.writeBigUInt64LE(BigInt(at), 0);
    header.writeUInt32LE(this.sets.length, 8);
    const places = encodePlaces(table.blockStarts().map((start) => blocksAt + start));
    return {
      bytes: Buffer.concat([stream, blocks, header, places]),
      start: blocksAt + blocks.length,
    };
  }
}

function placeBytes(place: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(place, 0);
  return bytes;
}
