/** The id, fragment and attribute tables of an image, read as far as they are asked for. */
import type { Xattr } from '../../tree/tree.js';
import { corrupt, safeNumber } from '../format/corrupt.js';
import {
  XATTR_NAMESPACES,
  XATTR_VALUE_ELSEWHERE,
  type FragmentBlock,
  METADATA_SIZE,
} from '../format/format.js';
import { mostMetadata, type MetadataCursor, type MetadataReader } from './metadata-reader.js';
import type { CheckedSuperBlock } from '../format/super-block.js';

const MAX_VALUE = 65_536;

/** Records of one size, found through a list of metadata blocks. */
class LookupReader {
  constructor(
    private readonly reader: MetadataReader,
    private readonly list: number,
    private readonly count: number,
    private readonly recordSize: number,
    private readonly what: string,
  ) {}

  record(index: number): Buffer {
    if (index >= this.count) throw corrupt(`there is no ${this.what} ${String(index)}`);
    const byte = index * this.recordSize;
    const place = this.reader.plain(this.list + 8 * Math.floor(byte / METADATA_SIZE), 8);
    const at = safeNumber(place.readBigUInt64LE(0), `the place of the ${this.what} table`);
    return this.reader.cursor(at, byte % METADATA_SIZE).take(this.recordSize);
  }
}

export class ImageTables {
  private readonly ids: LookupReader;
  private readonly fragments: LookupReader | undefined;
  private readonly xattrSets: LookupReader | undefined;
  private readonly xattrStream: number = 0;
  private readonly sets = new Map<number, readonly Xattr[]>();
  private readonly values = new Map<bigint, Buffer>();
  private xattrBytesLeft = 0;

  constructor(
    private readonly reader: MetadataReader,
    superBlock: CheckedSuperBlock,
  ) {
    const { idTable, idCount, fragmentTable, fragmentCount, xattrTable } = superBlock;
    this.ids = new LookupReader(reader, idTable, idCount, 4, 'owner');
    if (fragmentTable !== undefined) {
      this.fragments = new LookupReader(reader, fragmentTable, fragmentCount, 16, 'fragment');
    }
    if (xattrTable !== undefined) {
      const header = reader.plain(xattrTable, 16);
      this.xattrBytesLeft = mostMetadata(superBlock.bytesUsed);
      this.xattrStream = safeNumber(header.readBigUInt64LE(0), 'the place of the attributes');
      const count = header.readUInt32LE(8);
      this.xattrSets = new LookupReader(reader, xattrTable + 16, count, 16, 'attribute set');
    }
  }

  id(index: number): number {
    return this.ids.record(index).readUInt32LE(0);
  }

  fragment(index: number): FragmentBlock {
    if (this.fragments === undefined) throw corrupt('it has no fragments');
    const record = this.fragments.record(index);
    const start = safeNumber(record.readBigUInt64LE(0), "a fragment's place");
    return { start, sizeWord: record.readUInt32LE(8) };
  }

  /** Sets are read once, and together they cannot be more than their blocks hold. */
  xattrs(index: number): readonly Xattr[] {
    let set = this.sets.get(index);
    if (set === undefined) {
      set = this.readSet(index);
      this.sets.set(index, set);
    }
    return set;
  }

  private readSet(index: number): Xattr[] {
    if (this.xattrSets === undefined) throw corrupt('it has no attributes');
    const record = this.xattrSets.record(index);
    const cursor = this.cursor(record.readBigUInt64LE(0));
    const xattrs: Xattr[] = [];
    for (let left = record.readUInt32LE(8); left > 0; left--) {
      const type = cursor.u16();
      const namespace = XATTR_NAMESPACES[type & 0xff];
      if (namespace === undefined) throw corrupt(`attribute namespace ${String(type)} is unknown`);
      const name = namespace + cursor.text(cursor.u16());
      const value = this.takeValue(cursor);
      this.spend(name.length);
      const elsewhere = (type & XATTR_VALUE_ELSEWHERE) !== 0;
      xattrs.push({ name, value: elsewhere ? this.valueAt(value) : value });
    }
    return xattrs;
  }

  private valueAt(place: Buffer): Buffer {
    if (place.length !== 8) throw corrupt('an attribute value is in no place');
    const reference = place.readBigUInt64LE(0);
    let value = this.values.get(reference);
    if (value === undefined) {
      value = this.takeValue(this.cursor(reference));
      this.values.set(reference, value);
    }
    return value;
  }

  private takeValue(cursor: MetadataCursor): Buffer {
    const length = cursor.u32();
    if (length > MAX_VALUE) throw corrupt(`an attribute value has ${String(length)} bytes`);
    this.spend(length);
    // A copy: the cursor's bytes belong to the cache.
    return Buffer.from(cursor.take(length));
  }

  private spend(bytes: number): void {
    this.xattrBytesLeft -= bytes + 4;
    if (this.xattrBytesLeft < 0) throw corrupt('its attributes are larger than their table');
  }

  private cursor(reference: bigint): MetadataCursor {
    const block = safeNumber(reference >> 16n, "an attribute's place");
    return this.reader.cursor(this.xattrStream + block, Number(reference & 0xffffn));
  }
}
