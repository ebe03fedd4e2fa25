/**
 * The few calls of libc that Node lacks: extended attributes (xattr(7)), holes in sparse files
 * (lseek(2)), and what extracting needs. All are synchronous: call them in a worker thread.
 */
import koffi from 'koffi';
import { bytesOf, type ByteString } from '../core/byte-string.js';

type PathCall = (path: Buffer, buffer: Buffer | null, size: number) => number;
type PathNameCall = (path: Buffer, name: Buffer, buffer: Buffer | null, size: number) => number;

type NodeCall = (path: Buffer, mode: number, device: number | bigint) => number;
type SetCall = (path: Buffer, name: Buffer, value: Buffer, size: number, flags: number) => number;

interface LibC {
  readonly mknod: NodeCall;
  readonly lsetxattr: SetCall;
  readonly llistxattr: PathCall;
  readonly lgetxattr: PathNameCall;
  readonly lseek: (descriptor: number, offset: number, whence: number) => number | bigint;
}

let loaded: LibC | undefined;

function libc(): LibC {
  if (loaded === undefined) {
    const library = koffi.load('libc.so.6');
    const bytes = 'uint8_t *';
    loaded = {
      llistxattr: library.func('llistxattr', 'long', [bytes, bytes, 'size_t']) as PathCall,
      lgetxattr: library.func('lgetxattr', 'long', [bytes, bytes, bytes, 'size_t']) as PathNameCall,
      mknod: library.func('mknod', 'int', [bytes, 'uint32', 'uint64']) as NodeCall,
      lsetxattr: library.func('lsetxattr', 'int', [
        ...[bytes, bytes, bytes, 'size_t', 'int'],
      ]) as SetCall,
      lseek: library.func('lseek', 'int64', ['int', 'int64', 'int']) as LibC['lseek'],
    };
  }
  return loaded;
}

/** A failed call, in the shape of Node's own system errors. */
function systemError(call: string, path: string): NodeJS.ErrnoException {
  const errno = koffi.errno();
  const code =
    Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ??
    `E${String(errno)}`;
  return Object.assign(new Error(`${code}: ${call} '${path}'`), {
    code,
    errno,
    syscall: call,
    path,
  });
}

function cString(text: ByteString): Buffer {
  return bytesOf(`${text}\0`);
}

/** Attribute lists and values end at 64 KiB (XATTR_LIST_MAX, XATTR_SIZE_MAX of linux/limits.h). */
const scratch = Buffer.allocUnsafeSlow(65_536);

/** Names of all extended attributes, not following a symbolic link; none where they are not supported. */
export function listXattrs(path: ByteString): ByteString[] {
  const length = libc().llistxattr(cString(path), scratch, scratch.length);
  if (length >= 0) return scratch.toString('latin1', 0, length).split('\0').slice(0, -1);
  if (koffi.errno() === koffi.os.errno.ENOTSUP) return [];
  throw systemError('llistxattr', path);
}

/** An attribute's value, or undefined when it has gone meanwhile; not following a symbolic link. */
export function getXattr(path: ByteString, name: ByteString): Buffer | undefined {
  const length = libc().lgetxattr(cString(path), cString(name), scratch, scratch.length);
  if (length >= 0) return Buffer.from(scratch.subarray(0, length));
  if (koffi.errno() === koffi.os.errno.ENODATA) return undefined;
  throw systemError('lgetxattr', path);
}

/** Sets an attribute, not following a symbolic link. */
export function setXattr(path: ByteString, name: ByteString, value: Buffer): void {
  // An empty Buffer has no address to give.
  const bytes = value.length === 0 ? Buffer.alloc(1) : value;
  if (libc().lsetxattr(cString(path), cString(name), bytes, value.length, 0) !== 0) {
    throw systemError('lsetxattr', path);
  }
}

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
  if (libc().mknod(cString(path), mode, device) !== 0) throw systemError('mknod', path);
}

const SEEK_DATA = 3;

/**
 * Where the next data at or after `offset` begins, or undefined when only a hole follows.
 * Filesystems that know no holes answer `offset` itself.
 */
export function nextData(descriptor: number, offset: number): number | undefined {
  const found = Number(libc().lseek(descriptor, offset, SEEK_DATA));
  if (found >= 0) return found;
  if (koffi.errno() === koffi.os.errno.ENXIO) return undefined;
  if (koffi.errno() === koffi.os.errno.EINVAL) return offset;
  throw systemError('lseek', String(descriptor));
}
