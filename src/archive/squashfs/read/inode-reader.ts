/** Decodes the inodes that `inode.ts` describes. */
import type { ByteString } from '../../../core/byte-string.js';
import type { Device, InodeKind } from '../../tree/tree.js';
import { corrupt, safeNumber } from '../format/corrupt.js';
import { NO_FRAGMENT, NO_XATTR } from '../format/format.js';
import { BASIC_TYPE, decodeDevice } from '../format/inode.js';
import type { MetadataCursor } from './metadata-reader.js';

interface ImageInodeCommon {
  /** Permission bits: at most 0o7777. */
  readonly mode: number;
  readonly uidIndex: number;
  readonly gidIndex: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly number: number;
  readonly links: number;
  readonly xattrIndex: number | undefined;
}

export interface ImageFile extends ImageInodeCommon {
  readonly kind: 'file';
  readonly size: number;
  readonly sparse: number;
  readonly start: number;
  /** Place in the fragment table. */
  readonly fragment: number | undefined;
  readonly tailOffset: number;
  /** Size words of the blocks, one for each. */
  readonly blocks: readonly number[];
}

export interface ImageDirectory extends ImageInodeCommon {
  readonly kind: 'directory';
  /** Its listing: metadata block, relative to the directory table; offset in it; bytes. */
  readonly block: number;
  readonly offset: number;
  readonly size: number;
}

export interface ImageSymlink extends ImageInodeCommon {
  readonly kind: 'symlink';
  readonly target: ByteString;
}

export interface ImageDevice extends ImageInodeCommon {
  readonly kind: 'block' | 'character';
  readonly device: Device;
}

export interface ImagePipe extends ImageInodeCommon {
  readonly kind: 'fifo' | 'socket';
}

export type ImageInode = ImageFile | ImageDirectory | ImageSymlink | ImageDevice | ImagePipe;

type Start = Omit<ImageInodeCommon, 'links' | 'xattrIndex'>;

const KINDS = new Map(Object.entries(BASIC_TYPE).map(([kind, type]) => [type, kind as InodeKind]));
const EXTENDED = 7;
const DOT_ENTRIES = 3;
/** PATH_MAX: no longer target can be followed. */
const MAX_TARGET = 4096;

/** @param blockSize of the image's data blocks */
export function readInode(cursor: MetadataCursor, blockSize: number): ImageInode {
  const type = cursor.u16();
  const extended = type > EXTENDED;
  const kind = KINDS.get(extended ? type - EXTENDED : type);
  if (kind === undefined) throw corrupt(`there is no inode type ${String(type)}`);
  const start: Start = {
    mode: cursor.u16() & 0o7777,
    uidIndex: cursor.u16(),
    gidIndex: cursor.u16(),
    mtime: cursor.u32(),
    number: cursor.u32(),
  };
  switch (kind) {
    case 'file':
      return extended
        ? extendedFile(cursor, start, blockSize)
        : basicFile(cursor, start, blockSize);
    case 'directory':
      return extended ? extendedDirectory(cursor, start) : basicDirectory(cursor, start);
    case 'symlink':
      return symlink(cursor, start, extended);
    case 'block':
    case 'character': {
      const links = cursor.u32();
      const device = decodeDevice(cursor.u32());
      return { ...start, kind, links, device, xattrIndex: xattrIndexOf(cursor, extended) };
    }
    case 'fifo':
    case 'socket': {
      const links = cursor.u32();
      return { ...start, kind, links, xattrIndex: xattrIndexOf(cursor, extended) };
    }
  }
}

function basicFile(cursor: MetadataCursor, start: Start, blockSize: number): ImageFile {
  const at = cursor.u32();
  const fragment = fragmentOf(cursor.u32());
  const tailOffset = cursor.u32();
  const size = cursor.u32();
  const blocks = readSizeWords(cursor, size, fragment !== undefined, blockSize);
  const { mode, uidIndex, gidIndex, mtime, number } = start;
  // One literal: most inodes are of this type, and copies of objects would take half of the reading.
  return {
    kind: 'file',
    mode,
    uidIndex,
    gidIndex,
    mtime,
    number,
    links: 1,
    xattrIndex: undefined,
    size,
    sparse: 0,
    start: at,
    fragment,
    tailOffset,
    blocks,
  };
}

function extendedFile(cursor: MetadataCursor, start: Start, blockSize: number): ImageFile {
  const at = safeNumber(cursor.u64(), "a file's place");
  const size = safeNumber(cursor.u64(), "a file's size");
  const sparse = safeNumber(cursor.u64(), "a file's sparse size");
  const links = cursor.u32();
  const fragment = fragmentOf(cursor.u32());
  const tailOffset = cursor.u32();
  const xattrIndex = xattrIndexOf(cursor, true);
  const blocks = readSizeWords(cursor, size, fragment !== undefined, blockSize);
  const layout = { start: at, fragment, tailOffset, blocks, size, sparse };
  return { ...start, ...layout, kind: 'file', links, xattrIndex };
}

function fragmentOf(index: number): number | undefined {
  return index === NO_FRAGMENT ? undefined : index;
}

/** Block by block: a size that is a lie runs into the end of the table before it takes memory. */
function readSizeWords(
  cursor: MetadataCursor,
  size: number,
  hasTail: boolean,
  blockSize: number,
): number[] {
  const count = hasTail ? Math.floor(size / blockSize) : Math.ceil(size / blockSize);
  const words: number[] = [];
  for (let left = count; left > 0;) {
    const some = Math.min(left, 1024);
    const bytes = cursor.take(4 * some);
    for (let at = 0; at < bytes.length; at += 4) words.push(bytes.readUInt32LE(at));
    left -= some;
  }
  return words;
}

function basicDirectory(cursor: MetadataCursor, start: Start): ImageDirectory {
  const block = cursor.u32();
  const links = cursor.u32();
  const size = listingSize(cursor.u16());
  const offset = cursor.u16();
  return { ...start, kind: 'directory', links, xattrIndex: undefined, block, offset, size };
}

function extendedDirectory(cursor: MetadataCursor, start: Start): ImageDirectory {
  const links = cursor.u32();
  const size = listingSize(cursor.u32());
  const block = cursor.u32();
  cursor.take(4 + 2); // Parent and length of the index, which only searches in large directories need.
  const offset = cursor.u16();
  const xattrIndex = xattrIndexOf(cursor, true);
  return { ...start, kind: 'directory', links, xattrIndex, block, offset, size };
}

function listingSize(size: number): number {
  if (size < DOT_ENTRIES) throw corrupt(`a directory has a size of ${String(size)}`);
  return size - DOT_ENTRIES;
}

function symlink(cursor: MetadataCursor, start: Start, extended: boolean): ImageSymlink {
  const links = cursor.u32();
  const length = cursor.u32();
  if (length === 0 || length >= MAX_TARGET) {
    throw corrupt(`a symbolic link has a target of ${String(length)} bytes`);
  }
  const target = cursor.text(length);
  if (target.includes('\0')) throw corrupt('the target of a symbolic link has a NUL byte');
  return { ...start, kind: 'symlink', links, target, xattrIndex: xattrIndexOf(cursor, extended) };
}

function xattrIndexOf(cursor: MetadataCursor, extended: boolean): number | undefined {
  const index = extended ? cursor.u32() : NO_XATTR;
  return index === NO_XATTR ? undefined : index;
}
