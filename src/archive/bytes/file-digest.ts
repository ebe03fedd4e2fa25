/** The sha256 of an open file's first bytes. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { OnibError } from '../../core/errors.js';
import type { Digest } from '../../core/digest.js';

const CHUNK = 1_048_576;

/** Reads synchronously, for a worker thread; `checkpoint` is called between reads and throws to stop. */
export function fileDigest(descriptor: number, size: number, checkpoint: () => void): Digest {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = 0; at < size;) {
    checkpoint();
    const count = readSync(descriptor, chunk, 0, Math.min(CHUNK, size - at), at);
    if (count === 0) {
      throw new OnibError('PACK_OUTPUT_CHANGED', 'Cannot read back the archive: it became shorter');
    }
    hash.update(chunk.subarray(0, count));
    at += count;
  }
  return `sha256:${hash.digest('hex')}`;
}
