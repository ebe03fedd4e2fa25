/**
 * Inodes, directories and tables of an image, once every file's place is known.
 *
 * Inodes are numbered level by level, so that the entries of a directory have neighbouring numbers;
 * they are written directory by directory, the deepest first, since a directory's inode says where
 * its listing is and the listing says where the inodes are.
 */
import { displayName } from '../../../core/byte-string.js';
import { packError } from '../../tree/errors.js';
import {
  walkEntries,
  type DirectoryInode,
  type FileInode,
  type Inode,
  type Tree,
} from '../../tree/tree.js';
import { unsignedTime } from '../../bytes/unsigned-time.js';
import { writeListing } from './directory.js';
import { type FragmentBlock, NO_TABLE, type SuperBlock } from '../format/format.js';
import {
  EMPTY_LAYOUT,
  encodeDeviceInode,
  encodeDirectoryInode,
  encodeFileInode,
  encodePipeInode,
  encodeSymlinkInode,
  type DirectoryLayout,
  type FileLayout,
  type InodeHeader,
} from '../format/inode.js';
import {
  MetadataWriter,
  placeReference,
  type MetadataPlace,
  type MetadataCompressor,
} from './metadata-writer.js';
import { encodeFragments, encodeLookupTable, IdTable } from './tables.js';
import { isStorable, XattrTable } from './xattr-table.js';

export interface MetadataInput {
  readonly tree: Tree;
  readonly files: ReadonlyMap<FileInode, FileLayout>;
  readonly fragments: readonly FragmentBlock[];
  /** Byte of the image where the metadata begins. */
  readonly at: number;
  readonly compressors: MetadataCompressor;
  /** Called for every directory; throws to stop. */
  readonly checkpoint: () => void;
}

/** What the super block says about the metadata. */
export type MetadataFields = Pick<
  SuperBlock,
  | 'inodeCount'
  | 'fragmentCount'
  | 'idCount'
  | 'rootInode'
  | 'inodeTable'
  | 'directoryTable'
  | 'fragmentTable'
  | 'exportTable'
  | 'idTable'
  | 'xattrTable'
>;

export interface Metadata {
  readonly bytes: Buffer;
  readonly fields: MetadataFields;
}

const MAX_IDS = 0xffff;
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

/** @throws {OnibError} `SQUASHFS_CANNOT_HOLD` for what the format has no place for */
export function assertRepresentable(tree: Tree): void {
  const ids = new Set<number>();
  for (const inode of [tree.root, ...inodesOf(tree)]) {
    ids.add(inode.uid).add(inode.gid);
    for (const { name } of inode.xattrs) {
      if (!isStorable(name)) throw cannotHold(tree, inode, `the attribute ${displayName(name)}`);
    }
    if (inode.kind === 'block' || inode.kind === 'character') {
      const { major, minor } = inode.device;
      if (major > MAX_MAJOR || minor > MAX_MINOR) {
        throw cannotHold(tree, inode, `device numbers like ${String(major)}:${String(minor)}`);
      }
    }
  }
  if (ids.size > MAX_IDS) throw cannotHold(tree, tree.root, `more than ${String(MAX_IDS)} owners`);
}

function cannotHold(tree: Tree, inode: Inode, what: string): Error {
  const acl = what.includes('posix_acl');
  return packError(
    tree.source,
    inode.path,
    'SQUASHFS_CANNOT_HOLD',
    `squashfs has no place for ${what}`,
    {
      hint: acl
        ? 'setfacl --remove-all --remove-default it, or set the ACL in an overlay: its cpio archive keeps ACLs'
        : 'change it, or leave it out',
    },
  );
}

/** Inodes without the root, hard-linked ones once, in the order of their first names. */
function* inodesOf(tree: Tree): Generator<Inode> {
  for (const { path, inode } of walkEntries(tree.root)) if (inode.path === path) yield inode;
}

export function encodeMetadata(input: MetadataInput): Metadata {
  return new MetadataEncoder(input).run();
}

class MetadataEncoder {
  private readonly inodes: MetadataWriter;
  private readonly directories: MetadataWriter;
  private readonly ids = new IdTable();
  private readonly xattrs: XattrTable;
  private readonly numbers: ReadonlyMap<Inode, number>;
  private readonly places = new Map<Inode, MetadataPlace>();
  private readonly listings = new Map<DirectoryInode, Omit<DirectoryLayout, 'parent'>>();

  constructor(private readonly input: MetadataInput) {
    this.inodes = new MetadataWriter(input.compressors);
    this.directories = new MetadataWriter(input.compressors);
    this.xattrs = new XattrTable(input.compressors);
    this.numbers = numberInodes(input.tree.root);
  }

  run(): Metadata {
    const { root } = this.input.tree;
    this.writeBelow(root);
    // The format gives the root a parent that does not exist.
    this.writeInode(root, this.numbers.size + 1);
    return this.assemble();
  }

  /** Writes everything below a directory, and its listing, but not its own inode. */
  private writeBelow(directory: DirectoryInode): void {
    this.input.checkpoint();
    for (const { inode } of directory.entries) {
      if (inode.kind === 'directory') this.writeBelow(inode);
    }
    for (const { inode } of directory.entries) {
      if (!this.places.has(inode)) this.writeInode(inode, this.numberOf(directory));
    }
    const listed = directory.entries.map(({ name, inode }) => ({
      name,
      kind: inode.kind,
      number: this.numberOf(inode),
      place: this.placeOf(inode),
    }));
    this.listings.set(directory, writeListing(this.directories, listed));
  }

  private writeInode(inode: Inode, parent: number): void {
    this.places.set(inode, this.inodes.place);
    this.inodes.write(this.encodeInode(inode, parent));
  }

  private encodeInode(inode: Inode, parent: number): Buffer {
    const header = this.header(inode);
    switch (inode.kind) {
      case 'file':
        return encodeFileInode(header, inode.size, this.input.files.get(inode) ?? EMPTY_LAYOUT);
      case 'directory': {
        const listing = this.listings.get(inode);
        if (listing === undefined) throw new Error(`no listing of ${inode.path}`);
        return encodeDirectoryInode(header, { ...listing, parent });
      }
      case 'symlink':
        return encodeSymlinkInode(header, inode.target);
      case 'block':
      case 'character':
        return encodeDeviceInode(header, inode.kind, inode.device);
      case 'fifo':
      case 'socket':
        return encodePipeInode(header, inode.kind);
    }
  }

  private header(inode: Inode): InodeHeader {
    return {
      mode: inode.mode,
      uidIndex: this.ids.indexOf(inode.uid),
      gidIndex: this.ids.indexOf(inode.gid),
      mtime: unsignedTime(inode.mtime),
      number: this.numberOf(inode),
      xattrIndex: this.xattrs.indexOf(inode.xattrs),
      links: inode.kind === 'directory' ? 2 + subdirectories(inode) : inode.links,
    };
  }

  private numberOf(inode: Inode): number {
    const number = this.numbers.get(inode);
    if (number === undefined) throw new Error(`no number for ${inode.path}`);
    return number;
  }

  private placeOf(inode: Inode): MetadataPlace {
    const place = this.places.get(inode);
    if (place === undefined) throw new Error(`no place for ${inode.path}`);
    return place;
  }

  /** All tables one after the other; each begins where the one before ends, as the kernel checks. */
  private assemble(): Metadata {
    const { tree, fragments, at, compressors } = this.input;
    const parts: Buffer[] = [];
    let position = at;
    const add = (bytes: Buffer): number => {
      parts.push(bytes);
      position += bytes.length;
      return position - bytes.length;
    };
    const addTable = (records: Buffer): bigint => {
      const table = encodeLookupTable(records, position, compressors);
      add(table.bytes);
      return BigInt(table.start);
    };
    const inodeTable = BigInt(add(this.inodes.finish()));
    const directoryTable = BigInt(add(this.directories.finish()));
    const fragmentTable = fragments.length === 0 ? NO_TABLE : addTable(encodeFragments(fragments));
    const exportTable = addTable(this.encodeExports());
    const idTable = addTable(this.ids.encode());
    let xattrTable = NO_TABLE;
    if (!this.xattrs.isEmpty) {
      const table = this.xattrs.encode(position);
      add(table.bytes);
      xattrTable = BigInt(table.start);
    }
    return {
      bytes: Buffer.concat(parts),
      fields: {
        inodeCount: this.numbers.size,
        fragmentCount: fragments.length,
        idCount: this.ids.count,
        rootInode: placeReference(this.placeOf(tree.root)),
        inodeTable,
        directoryTable,
        fragmentTable,
        exportTable,
        idTable,
        xattrTable,
      },
    };
  }

  /** Places of inodes by number, for NFS. */
  private encodeExports(): Buffer {
    const bytes = Buffer.alloc(8 * this.numbers.size);
    for (const [inode, number] of this.numbers) {
      bytes.writeBigUInt64LE(placeReference(this.placeOf(inode)), 8 * (number - 1));
    }
    return bytes;
  }
}

/** The root is 1. */
function numberInodes(root: DirectoryInode): Map<Inode, number> {
  const numbers = new Map<Inode, number>([[root, 1]]);
  // A Map visits what is added while it is walked: this is the queue of a breadth-first walk.
  for (const inode of numbers.keys()) {
    if (inode.kind !== 'directory') continue;
    for (const entry of inode.entries) {
      if (!numbers.has(entry.inode)) numbers.set(entry.inode, numbers.size + 1);
    }
  }
  return numbers;
}

function subdirectories(directory: DirectoryInode): number {
  return directory.entries.filter(({ inode }) => inode.kind === 'directory').length;
}
