/** Extended attributes (xattr(7)). The calls are synchronous: use them in a worker thread. */
import type { ByteString } from '../core/byte-string.js';
import { cString, failedWith, libcCall, systemError } from './libc.js';

const llistxattr = libcCall('long llistxattr(uint8_t *path, uint8_t *names, size_t size)') as (
  path: Buffer,
  names: Buffer,
  size: number,
) => number;
const lgetxattr = libcCall(
  'long lgetxattr(uint8_t *path, uint8_t *name, uint8_t *value, size_t size)',
) as (path: Buffer, name: Buffer, value: Buffer, size: number) => number;
const lsetxattr = libcCall(
  'int lsetxattr(uint8_t *path, uint8_t *name, uint8_t *value, size_t size, int flags)',
) as (path: Buffer, name: Buffer, value: Buffer, size: number, flags: 0) => number;

/** Attribute lists and values end at 64 KiB (XATTR_LIST_MAX, XATTR_SIZE_MAX of linux/limits.h). */
const scratch = Buffer.allocUnsafeSlow(65_536);

/** Names of all extended attributes, not following a symbolic link; none where they are not supported. */
export function listXattrs(path: ByteString): ByteString[] {
  const length = llistxattr(cString(path), scratch, scratch.length);
  if (length >= 0) return scratch.toString('latin1', 0, length).split('\0').slice(0, -1);
  if (failedWith('ENOTSUP')) return [];
  throw systemError('llistxattr', path);
}

/** An attribute's value, or undefined when it has gone meanwhile; not following a symbolic link. */
export function getXattr(path: ByteString, name: ByteString): Buffer | undefined {
  const length = lgetxattr(cString(path), cString(name), scratch, scratch.length);
  if (length >= 0) return Buffer.from(scratch.subarray(0, length));
  if (failedWith('ENODATA')) return undefined;
  throw systemError('lgetxattr', path);
}

/** Sets an attribute, not following a symbolic link. */
export function setXattr(path: ByteString, name: ByteString, value: Buffer): void {
  // An empty Buffer has no address to give.
  const bytes = value.length === 0 ? Buffer.alloc(1) : value;
  if (lsetxattr(cString(path), cString(name), bytes, value.length, 0) !== 0) {
    throw systemError('lsetxattr', path);
  }
}
