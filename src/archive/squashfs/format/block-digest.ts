/** Identity of a block's content. */
import { createHash } from 'node:crypto';

/** 32 bytes. */
export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
