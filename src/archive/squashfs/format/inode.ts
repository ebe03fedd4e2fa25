/**
 * Inodes of the inode table. Each starts with
 *
 *   type u16 | mode u16 | uid index u16 | gid index u16 | mtime u32 | inode number u32
 *
 * and goes on by type. The basic types hold what most inodes need; the extended ones (type + 7) also
 * have attributes, 64-bit sizes and a directory index. Source: squashfs_fs.h of the kernel.
 */
import { bytesOf, type ByteString } from '../../../core/byte-string.js';
import type { Device, InodeKind } from '../../tree/tree.js';
import { NO_FRAGMENT, NO_XATTR } from './format.js';

/** Basic type numbers; they stand in directory entries too. */
export const BASIC_TYPE: Readonly<Record<InodeKind, number>> = {
  directory: 1,
  file: 2,
  symlink: 3,
  block: 4,
  character: 5,
  fifo: 6,
  socket: 7,
};
const EXTENDED = 7;

export interface InodeHeader {
  /** At most 0o7777. */
  readonly mode: number;
  /** Places in the id table. */
  readonly uidIndex: number;
  readonly gidIndex: number;
  /** Seconds since 1970, 32 bits without sign. */
  readonly mtime: number;
  /** From 1. */
  readonly number: number;
  /** Place in the xattr id table, or {@link NO_XATTR}. */
  readonly xattrIndex: number;
  readonly links: number;
}

/** Where a file's content is. */
export interface FileLayout {
  /** Byte in the image where the first block is; the others follow without a gap. */
  readonly start: number;
  /** Size words: bytes on disk, {@link BLOCK_RAW} when stored as they are, 0 for a block of zeros. */
  readonly blocks: readonly number[];
  /** Place in the fragment table, or {@link NO_FRAGMENT}. */
  readonly fragment: number;
  /** Where the tail begins in the uncompressed fragment block. */
  readonly tailOffset: number;
  /** Bytes of the file that are in blocks of zeros. */
  readonly sparse: number;
}

/** One step of a directory's index: what a search may skip. */
export interface DirectoryIndexEntry {
  /** Byte of the listing where the header is. */
  readonly offset: number;
  /** Its metadata block, relative to the directory table. */
  readonly block: number;
  /** First name after that header. */
  readonly name: ByteString;
}

export interface DirectoryLayout {
  readonly block: number;
  readonly offset: number;
  /** Bytes of the listing. */
  readonly size: number;
  readonly parent: number;
  /** Empty unless the listing spans several metadata blocks. */
  readonly index: readonly DirectoryIndexEntry[];
}

const U16 = 0xffff;
const U32 = 0xffffffff;
const HEADER = 16;

function begin(type: number, header: InodeHeader, size: number): Buffer {
  const bytes = Buffer.alloc(HEADER + size);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(header.mode, 2);
  bytes.writeUInt16LE(header.uidIndex, 4);
  bytes.writeUInt16LE(header.gidIndex, 6);
  bytes.writeUInt32LE(header.mtime, 8);
  bytes.writeUInt32LE(header.number, 12);
  return bytes;
}

/*
 * basic:    start u32 | fragment u32 | tail offset u32 | size u32 | size words u32[]
 * extended: start u64 | size u64 | sparse u64 | links u32 | fragment u32 | tail offset u32 | xattr u32 | size words u32[]
 */
export function encodeFileInode(header: InodeHeader, size: number, layout: FileLayout): Buffer {
  const { start, blocks, fragment, tailOffset, sparse } = layout;
  const basic =
    start <= U32 &&
    size <= U32 &&
    sparse === 0 &&
    header.links === 1 &&
    header.xattrIndex === NO_XATTR;
  const fixed = basic ? 16 : 40;
  const type = basic ? BASIC_TYPE.file : BASIC_TYPE.file + EXTENDED;
  const bytes = begin(type, header, fixed + 4 * blocks.length);
  if (basic) {
    bytes.writeUInt32LE(start, 16);
    bytes.writeUInt32LE(fragment, 20);
    bytes.writeUInt32LE(tailOffset, 24);
    bytes.writeUInt32LE(size, 28);
  } else {
    bytes.writeBigUInt64LE(BigInt(start), 16);
    bytes.writeBigUInt64LE(BigInt(size), 24);
    bytes.writeBigUInt64LE(BigInt(sparse), 32);
    bytes.writeUInt32LE(header.links, 40);
    bytes.writeUInt32LE(fragment, 44);
    bytes.writeUInt32LE(tailOffset, 48);
    bytes.writeUInt32LE(header.xattrIndex, 52);
  }
  blocks.forEach((word, index) => bytes.writeUInt32LE(word, HEADER + fixed + 4 * index));
  return bytes;
}

/** The size field of a directory counts `.` and `..`, which are not stored, as 3 bytes. */
const DOT_ENTRIES = 3;

/*
 * basic:    block u32 | links u32 | size u16 | offset u16 | parent u32
 * extended: links u32 | size u32 | block u32 | parent u32 | index count u16 | offset u16 | xattr u32
 *           | index: (listing offset u32 | block u32 | name length - 1 u32 | name)[]
 */
export function encodeDirectoryInode(header: InodeHeader, layout: DirectoryLayout): Buffer {
  const size = layout.size + DOT_ENTRIES;
  if (size <= U16 && layout.index.length === 0 && header.xattrIndex === NO_XATTR) {
    const bytes = begin(BASIC_TYPE.directory, header, 16);
    bytes.writeUInt32LE(layout.block, 16);
    bytes.writeUInt32LE(header.links, 20);
    bytes.writeUInt16LE(size, 24);
    bytes.writeUInt16LE(layout.offset, 26);
    bytes.writeUInt32LE(layout.parent, 28);
    return bytes;
  }
  const bytes = begin(BASIC_TYPE.directory + EXTENDED, header, 24);
  bytes.writeUInt32LE(header.links, 16);
  bytes.writeUInt32LE(size, 20);
  bytes.writeUInt32LE(layout.block, 24);
  bytes.writeUInt32LE(layout.parent, 28);
  bytes.writeUInt16LE(layout.index.length, 32);
  bytes.writeUInt16LE(layout.offset, 34);
  bytes.writeUInt32LE(header.xattrIndex, 36);
  return Buffer.concat([bytes, ...layout.index.map(encodeIndexEntry)]);
}

function encodeIndexEntry({ offset, block, name }: DirectoryIndexEntry): Buffer {
  const bytes = Buffer.alloc(12 + name.length);
  bytes.writeUInt32LE(offset, 0);
  bytes.writeUInt32LE(block, 4);
  bytes.writeUInt32LE(name.length - 1, 8);
  bytes.write(name, 12, 'latin1');
  return bytes;
}

/* links u32 | length u32 | target, and when extended xattr u32 */
export function encodeSymlinkInode(header: InodeHeader, target: ByteString): Buffer {
  const extended = header.xattrIndex !== NO_XATTR;
  const bytes = begin(
    extended ? BASIC_TYPE.symlink + EXTENDED : BASIC_TYPE.symlink,
    header,
    8 + target.length + (extended ? 4 : 0),
  );
  bytes.writeUInt32LE(header.links, 16);
  bytes.writeUInt32LE(target.length, 20);
  bytesOf(target).copy(bytes, 24);
  if (extended) bytes.writeUInt32LE(header.xattrIndex, 24 + target.length);
  return bytes;
}

/* links u32 | device u32, and when extended xattr u32 */
export function encodeDeviceInode(
  header: InodeHeader,
  kind: 'block' | 'character',
  device: Device,
): Buffer {
  const extended = header.xattrIndex !== NO_XATTR;
  const type = BASIC_TYPE[kind] + (extended ? EXTENDED : 0);
  const bytes = begin(type, header, extended ? 12 : 8);
  bytes.writeUInt32LE(header.links, 16);
  bytes.writeUInt32LE(encodeDevice(device), 20);
  if (extended) bytes.writeUInt32LE(header.xattrIndex, 24);
  return bytes;
}

/* links u32, and when extended xattr u32 */
export function encodePipeInode(header: InodeHeader, kind: 'fifo' | 'socket'): Buffer {
  const extended = header.xattrIndex !== NO_XATTR;
  const bytes = begin(BASIC_TYPE[kind] + (extended ? EXTENDED : 0), header, extended ? 8 : 4);
  bytes.writeUInt32LE(header.links, 16);
  if (extended) bytes.writeUInt32LE(header.xattrIndex, 20);
  return bytes;
}

/** new_encode_dev of linux/kdev_t.h: 12 bits of major number, 20 bits of minor number. */
export function encodeDevice({ major, minor }: Device): number {
  return ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

export function decodeDevice(word: number): Device {
  return { major: (word >>> 8) & 0xfff, minor: (word & 0xff) | ((word >>> 12) & 0xfff00) };
}

/** A file without blocks and tail. */
export const EMPTY_LAYOUT: FileLayout = {
  start: 0,
  blocks: [],
  fragment: NO_FRAGMENT,
  tailOffset: 0,
  sparse: 0,
};
