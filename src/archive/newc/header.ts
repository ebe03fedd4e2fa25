/**
 * The header of a newc cpio member, and back.
 *
 *   magic "070701" | 13 fields of 8 hexadecimal digits: inode, mode, uid, gid, links, mtime, size,
 *   device major, device minor, rdev major, rdev minor, name length with its NUL, check
 *   | name | NUL | zeros up to a multiple of 4 | content | zeros up to a multiple of 4
 *
 * The member "TRAILER!!!" ends an archive. Source: the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */
import { OnibError } from '../../core/errors.js';
import type { ByteString } from '../../core/byte-string.js';
import type { Device } from '../tree/tree.js';

export const HEADER_SIZE = 110;
export const TRAILER = 'TRAILER!!!';
/** PATH_MAX: the kernel skips members whose name, with its NUL, is longer. */
export const MAX_NAME = 4096;
export const MAX_CONTENT = 0xffffffff;

const MAGIC = '070701';
/** The same with a sum of the content in `check`, which nobody writes any more. */
const MAGIC_WITH_SUM = '070702';

export interface NewcHeader {
  /** Members with one number, and more than one link, are one file. */
  readonly inode: number;
  /** With the type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Seconds since 1970, 32 bits without sign. */
  readonly mtime: number;
  /** Bytes of content. */
  readonly size: number;
  /** What a device node stands for. */
  readonly device: Device;
}

/** Bytes that pad `length` to a multiple of 4. */
export function padding(length: number): number {
  return -length & 3;
}

/** Header, name and padding; `name` is relative, without `./`. */
export function encodeHeader(header: NewcHeader, name: ByteString): Buffer {
  const { inode, mode, uid, gid, links, mtime, size, device } = header;
  const fields = [inode, mode, uid, gid, links, mtime, size, 0, 0];
  fields.push(device.major, device.minor, name.length + 1, 0);
  const text = MAGIC + fields.map(hex).join('') + name;
  const bytes = Buffer.alloc(text.length + 1 + padding(text.length + 1));
  bytes.write(text, 'latin1');
  return bytes;
}

function hex(field: number): string {
  return field.toString(16).toUpperCase().padStart(8, '0');
}

export interface DecodedHeader extends NewcHeader {
  /** Bytes of the name with its NUL. */
  readonly nameLength: number;
}

/** Undefined when the bytes do not begin with a newc magic. */
export function decodeHeader(bytes: Buffer): DecodedHeader | undefined {
  const text = bytes.toString('latin1', 0, HEADER_SIZE);
  if (!text.startsWith(MAGIC) && !text.startsWith(MAGIC_WITH_SUM)) return undefined;
  const digits = text.slice(MAGIC.length);
  if (digits.length !== HEADER_SIZE - MAGIC.length || !/^[0-9A-Fa-f]*$/.test(digits)) {
    throw corrupt('a header field is not a hexadecimal number');
  }
  const field = (index: number): number =>
    Number.parseInt(digits.slice(8 * index, 8 * index + 8), 16);
  return {
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    size: field(6),
    device: { major: field(9), minor: field(10) },
    nameLength: field(11),
  };
}

export function corrupt(what: string): OnibError {
  return new OnibError('ARCHIVE_CORRUPT', `Cannot read the cpio archive: ${what}`);
}
