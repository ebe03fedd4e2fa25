/**
 * A tree as an archive stores it: names in byte order, one inode per hard-linked file, times in
 * whole seconds, extended attributes, and nothing of another mount.
 */
import type { ByteString } from '../../core/byte-string.js';

export interface Xattr {
  /** With its namespace: `security.capability`. */
  readonly name: ByteString;
  readonly value: Buffer;
}

export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** What every inode has, wherever it is stored. */
export interface Attributes {
  /** Permission bits with setuid, setgid and sticky: at most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970; negative before. */
  readonly mtime: number;
}

interface InodeCommon extends Attributes {
  /** Its first name in the tree's order, relative to the tree; empty for the root. */
  readonly path: ByteString;
  /** In byte order of their names. */
  readonly xattrs: readonly Xattr[];
  /** How many names it has in this tree. */
  links: number;
}

export interface FileInode extends InodeCommon {
  readonly kind: 'file';
  /** Bytes. */
  readonly size: number;
  /** Modification time in nanoseconds as it was seen: another one later means that the file changed. */
  readonly stamp: bigint;
}

export interface DirectoryInode extends InodeCommon {
  readonly kind: 'directory';
  /** In byte order of their names. */
  readonly entries: readonly Entry[];
}

export interface SymlinkInode extends InodeCommon {
  readonly kind: 'symlink';
  readonly target: ByteString;
}

export interface DeviceInode extends InodeCommon {
  /** A character device 0:0 is overlayfs' whiteout: this name is deleted from the layers below. */
  readonly kind: 'block' | 'character';
  readonly device: Device;
}

export interface PipeInode extends InodeCommon {
  readonly kind: 'fifo' | 'socket';
}

export type Inode = FileInode | DirectoryInode | SymlinkInode | DeviceInode | PipeInode;
export type InodeKind = Inode['kind'];

export interface Entry {
  readonly name: ByteString;
  readonly inode: Inode;
}

export interface Tree {
  /** Absolute path it was read from. */
  readonly source: ByteString;
  readonly root: DirectoryInode;
  /** Inodes, hard-linked ones once. */
  readonly inodeCount: number;
  /** Bytes of all regular files, hard-linked ones once. */
  readonly fileBytes: number;
  /** The newest mtime in it. */
  readonly newest: number;
}

/** File type bits of st_mode, from stat(2); archives store them too. */
export const TYPE_BITS: Readonly<Record<InodeKind, number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
};
export const TYPE_MASK = 0o170000;

const kindOfBits = new Map(
  Object.entries(TYPE_BITS).map(([kind, bits]) => [bits, kind as InodeKind]),
);

/** The kind that a st_mode says, or undefined for bits that mean nothing. */
export function kindOfMode(mode: number): InodeKind | undefined {
  return kindOfBits.get(mode & TYPE_MASK);
}

/** Every name with its path, parents before children, in byte order; the root is not among them. */
export function* walkEntries(
  directory: DirectoryInode,
  prefix: ByteString = '',
): Generator<{ readonly path: ByteString; readonly inode: Inode }> {
  for (const { name, inode } of directory.entries) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    yield { path, inode };
    if (inode.kind === 'directory') yield* walkEntries(inode, path);
  }
}
