/**
 * What a later repack needs to know about an image: the digests of its blocks, in the order in which
 * they stand from the first one on. It stands behind the last table, where nobody else looks:
 * the super block's size does not count it.
 *
 *   magic "onibblk1" | fingerprint of the compression, 32 bytes | count u32
 *   | (size word u32 | first 16 bytes of the content's sha256)[]
 */
import type { StoredPlace } from './block-writer.js';

const MAGIC = Buffer.from('onibblk1', 'latin1');
const FINGERPRINT = 32;
export const INDEX_HEADER = MAGIC.length + FINGERPRINT + 4;
const DIGEST = 16;
const ENTRY = 4 + DIGEST;

/** A block's identity in an index. */
export function indexKey(digest: Buffer): string {
  return digest.toString('latin1', 0, DIGEST);
}

export function encodeBlockIndex(fingerprint: Buffer, blocks: readonly StoredPlace[]): Buffer {
  const bytes = Buffer.alloc(INDEX_HEADER + ENTRY * blocks.length);
  MAGIC.copy(bytes, 0);
  fingerprint.copy(bytes, MAGIC.length);
  bytes.writeUInt32LE(blocks.length, INDEX_HEADER - 4);
  blocks.forEach(({ sizeWord, digest }, index) => {
    const at = INDEX_HEADER + ENTRY * index;
    bytes.writeUInt32LE(sizeWord, at);
    digest.copy(bytes, at + 4, 0, DIGEST);
  });
  return bytes;
}

/** How many entries follow a header; undefined when it is none, or of another compression. */
export function indexLength(header: Buffer, fingerprint: Buffer): number | undefined {
  if (header.length < INDEX_HEADER || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    return undefined;
  }
  const found = header.subarray(MAGIC.length, MAGIC.length + FINGERPRINT);
  return found.equals(fingerprint) ? header.readUInt32LE(INDEX_HEADER - 4) : undefined;
}

export interface IndexEntry {
  readonly key: string;
  readonly sizeWord: number;
}

export function decodeIndexEntries(bytes: Buffer): IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
    const key = bytes.toString('latin1', at + 4, at + ENTRY);
    entries.push({ key, sizeWord: bytes.readUInt32LE(at) });
  }
  return entries;
}

export function indexBytes(entries: number): number {
  return ENTRY * entries;
}
