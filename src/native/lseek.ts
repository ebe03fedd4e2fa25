/** Holes in sparse files (lseek(2)). The call is synchronous: use it in a worker thread. */
import { failedWith, libcCall, systemError } from './libc.js';

const SEEK_DATA = 3;

const lseek = libcCall('int64_t lseek(int descriptor, int64_t offset, int whence)') as (
  descriptor: number,
  offset: number,
  whence: number,
) => number | bigint;

/**
 * Where the next data at or after `offset` begins, or undefined when only a hole follows.
 * Filesystems that know no holes answer `offset` itself.
 */
export function nextData(descriptor: number, offset: number): number | undefined {
  const found = Number(lseek(descriptor, offset, SEEK_DATA));
  if (found >= 0) return found;
  if (failedWith('ENXIO')) return undefined;
  if (failedWith('EINVAL')) return offset;
  throw systemError('lseek', String(descriptor));
}
