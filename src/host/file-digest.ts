/** The sha256 of a whole file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../core/digest.js';

const READ_BYTES = 1024 * 1024;

export async function fileDigest(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: READ_BYTES }), hash);
  return `sha256:${hash.digest('hex')}`;
}
