/**
 * What a later repack needs to know about an image: the digests of its blocks, in the order in which
 * they stand from the first one on. It stands behind the last table, where nobody else looks:
 * the super block's size does not count it.
 *
 *   magic "onibblk2" | fingerprint of the compression, 32 bytes | count u32 | CRC-32 of the entries u32
 *   | (size word u32 | CRC-32 of the block as stored u32 | first 16 bytes of the content's sha256)[]
 *
 * The sums are there because a damaged block may still unpack to its content: copied, it would make
 * the image another one.
 */
import { crc32 } from 'node:zlib';
import type { StoredPlace } from '../write/block-writer.js';

const MAGIC = Buffer.from('onibblk2', 'latin1');
const FINGERPRINT = 32;
export const INDEX_HEADER = MAGIC.length + FINGERPRINT + 8;
const COUNT_AT = MAGIC.length + FINGERPRINT;
const SUM_AT = COUNT_AT + 4;
const DIGEST = 16;
const ENTRY = 8 + DIGEST;

/** A block's identity in an index. */
export function indexKey(digest: Buffer): string {
  return digest.toString('latin1', 0, DIGEST);
}

export function encodeBlockIndex(
  fingerprint: Buffer,
  blocks: readonly Pick<StoredPlace, 'sizeWord' | 'sum' | 'digest'>[],
): Buffer {
  const bytes = Buffer.alloc(INDEX_HEADER + ENTRY * blocks.length);
  MAGIC.copy(bytes, 0);
  fingerprint.copy(bytes, MAGIC.length);
  bytes.writeUInt32LE(blocks.length, COUNT_AT);
  blocks.forEach(({ sizeWord, sum, digest }, index) => {
    const at = INDEX_HEADER + ENTRY * index;
    bytes.writeUInt32LE(sizeWord, at);
    bytes.writeUInt32LE(sum, at + 4);
    digest.copy(bytes, at + 8, 0, DIGEST);
  });
  bytes.writeUInt32LE(crc32(bytes.subarray(INDEX_HEADER)), SUM_AT);
  return bytes;
}

/** How many entries follow a header; undefined when it is none, or of another compression. */
export function indexLength(header: Buffer, fingerprint: Buffer): number | undefined {
  if (header.length < INDEX_HEADER || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    return undefined;
  }
  const found = header.subarray(MAGIC.length, MAGIC.length + FINGERPRINT);
  return found.equals(fingerprint) ? header.readUInt32LE(COUNT_AT) : undefined;
}

export interface IndexEntry {
  readonly key: string;
  readonly sizeWord: number;
  /** CRC-32 of the block as it is stored. */
  readonly sum: number;
}

/** The entries behind a header; none when they are not what was written. */
export function decodeIndexEntries(header: Buffer, bytes: Buffer): IndexEntry[] {
  if (crc32(bytes) !== header.readUInt32LE(SUM_AT)) return [];
  const entries: IndexEntry[] = [];
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
    const key = bytes.toString('latin1', at + 8, at + ENTRY);
    entries.push({ key, sizeWord: bytes.readUInt32LE(at), sum: bytes.readUInt32LE(at + 4) });
  }
  return entries;
}

export function indexBytes(entries: number): number {
  return ENTRY * entries;
}
