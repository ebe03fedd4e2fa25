/** Device nodes (mknod(2)). The call is synchronous: use it in a worker thread. */
import type { ByteString } from '../core/byte-string.js';
import { cString, libcCall, systemError } from './libc.js';

const mknod = libcCall('int mknod(uint8_t *path, uint32_t mode, uint64_t device)') as (
  path: Buffer,
  mode: number,
  device: bigint,
) => number;

/** Makes a device node, a FIFO or a socket; `mode` with its type bits. */
export function makeNode(
  path: ByteString,
  mode: number,
  { major, minor }: { readonly major: number; readonly minor: number },
): void {
  // makedev(3) of glibc.
  const [high, low] = [BigInt(major), BigInt(minor)];
  const device =
    ((high & 0xfffff000n) << 32n) |
    ((high & 0xfffn) << 8n) |
    ((low & 0xffffff00n) << 12n) |
    (low & 0xffn);
  if (mknod(cString(path), mode, device) !== 0) throw systemError('mknod', path);
}
