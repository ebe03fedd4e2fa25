/**
 * Reads a squashfs image without root and without mounting it. Whatever the image holds, reading it
 * ends, and ends with an error when the image is damaged: nothing in it is believed unchecked.
 */
import { fstatSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { OnibError } from '../../../core/errors.js';
import type { ByteString } from '../../../core/byte-string.js';
import type { Xattr } from '../../tree/tree.js';
import { BlockReader } from './block-reader.js';
import { corrupt } from '../format/corrupt.js';
import { DecompressorPool } from './decompressor-pool.js';
import { SUPER_SIZE } from '../format/format.js';
import { ImageTables } from './image-tables.js';
import { readInode, type ImageDirectory, type ImageFile, type ImageInode } from './inode-reader.js';
import { readListing } from './listing-reader.js';
import { MetadataReader, mostMetadata } from './metadata-reader.js';
import { decodeSuperBlock, type CheckedSuperBlock } from '../format/super-block.js';

export interface ImageEntry {
  /** Relative to the root; empty for the root itself. */
  readonly path: ByteString;
  readonly inode: ImageInode;
}

export class SquashfsImage {
  readonly superBlock: CheckedSuperBlock;
  private readonly decompressors: DecompressorPool;
  private readonly metadata: MetadataReader;
  private readonly tables: ImageTables;
  readonly blocks: BlockReader;

  /** @param descriptor an open file, which stays open after {@link close} */
  constructor(descriptor: number) {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(SUPER_SIZE);
    readSync(descriptor, head, 0, SUPER_SIZE, 0);
    this.superBlock = decodeSuperBlock(head, size);
    const { compressor, blockSize, bytesUsed, inodeTable } = this.superBlock;
    this.decompressors = new DecompressorPool(compressor, blockSize);
    this.metadata = new MetadataReader(descriptor, bytesUsed, this.decompressors);
    this.tables = new ImageTables(this.metadata, this.superBlock);
    this.blocks = new BlockReader(
      descriptor,
      blockSize,
      inodeTable,
      this.decompressors,
      this.tables,
    );
  }

  async close(): Promise<void> {
    await this.decompressors.close();
  }

  root(): ImageDirectory {
    const { rootBlock, rootOffset } = this.superBlock;
    const root = this.inode(rootBlock, rootOffset);
    if (root.kind !== 'directory') throw corrupt('its root is not a directory');
    return root;
  }

  /** The inode that a path names, without following symbolic links; undefined when there is none. */
  stat(path: ByteString): ImageInode | undefined {
    let inode: ImageInode = this.root();
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      if (inode.kind !== 'directory') return undefined;
      const entry = this.entries(inode).find((candidate) => candidate.name === name);
      if (entry === undefined) return undefined;
      inode = this.inode(entry.block, entry.offset);
    }
    return inode;
  }

  /** A directory's entries in byte order of their names. */
  list(directory: ImageDirectory): { readonly name: ByteString; readonly inode: ImageInode }[] {
    return this.entries(directory).map(({ name, block, offset }) => ({
      name,
      inode: this.inode(block, offset),
    }));
  }

  /** The root, and everything below it: directories before what they hold, in byte order. */
  *walk(): Generator<ImageEntry> {
    const root = this.root();
    yield { path: '', inode: root };
    yield* this.walkBelow(root, '', new WalkLimit(this.superBlock));
  }

  uid(inode: ImageInode): number {
    return this.tables.id(inode.uidIndex);
  }

  gid(inode: ImageInode): number {
    return this.tables.id(inode.gidIndex);
  }

  /** In the order of the image. */
  xattrs(inode: ImageInode): readonly Xattr[] {
    return inode.xattrIndex === undefined ? [] : this.tables.xattrs(inode.xattrIndex);
  }

  /** A file's bytes, block by block; a block of zeros comes as one, too. */
  read(file: ImageFile): AsyncGenerator<Buffer> {
    return this.blocks.read(file);
  }

  private *walkBelow(
    directory: ImageDirectory,
    path: ByteString,
    limit: WalkLimit,
  ): Generator<ImageEntry> {
    limit.enter(directory);
    for (const { name, block, offset } of this.entries(directory)) {
      const below = path === '' ? name : `${path}/${name}`;
      const inode = limit.inode(block, offset, () => this.inode(block, offset));
      yield { path: below, inode };
      if (inode.kind === 'directory') yield* this.walkBelow(inode, below, limit);
    }
    limit.leave();
  }

  private entries(directory: ImageDirectory): ReturnType<typeof readListing> {
    const { directoryTable } = this.superBlock;
    if (directory.size === 0) return [];
    const cursor = this.metadata.cursor(directoryTable + directory.block, directory.offset);
    return readListing(cursor, directory.size);
  }

  private inode(block: number, offset: number): ImageInode {
    const { inodeTable, directoryTable, blockSize } = this.superBlock;
    const at = inodeTable + block;
    if (at >= directoryTable) throw corrupt('an inode is outside the inode table');
    return readInode(this.metadata.cursor(at, offset), blockSize);
  }
}

/** No path that can be opened has more names: PATH_MAX is 4096. */
const MAX_DEPTH = 2048;

/**
 * Ends a walk that no honest image needs: round in a circle, without a bottom, or over the same
 * listing or the same inode again and again.
 */
class WalkLimit {
  private readonly seen = new Set<number>();
  private readonly linked = new Map<string, ImageInode>();
  private depth = 0;
  private listingLeft: number;
  private inodesLeft: number;

  constructor({ inodeTable, directoryTable, directoryEnd }: CheckedSuperBlock) {
    this.inodesLeft = mostMetadata(directoryTable - inodeTable);
    this.listingLeft = mostMetadata(directoryEnd - directoryTable);
  }

  enter({ number, size }: ImageDirectory): void {
    this.depth++;
    if (this.depth > MAX_DEPTH) throw corrupt('its directories are nested too deep');
    if (this.seen.has(number)) throw corrupt('a directory is inside itself, or in two places');
    this.seen.add(number);
    this.listingLeft -= size;
    if (this.listingLeft < 0) throw corrupt('its directories are larger than their table');
  }

  leave(): void {
    this.depth--;
  }

  /** Inodes with several names are decoded once; the others cannot be more than their table holds. */
  inode(block: number, offset: number, decode: () => ImageInode): ImageInode {
    const key = `${String(block)}:${String(offset)}`;
    const known = this.linked.get(key);
    if (known !== undefined) return known;
    const inode = decode();
    this.inodesLeft -= INODE_SIZE + (inode.kind === 'file' ? 4 * inode.blocks.length : 0);
    if (this.inodesLeft < 0) throw corrupt('its inodes are larger than their table');
    if (inode.links > 1 && inode.kind !== 'directory') this.linked.set(key, inode);
    return inode;
  }
}

/** Bytes of the smallest inode. */
const INODE_SIZE = 20;

/**
 * Opens an image, gives it to `use` and closes it.
 *
 * @throws {OnibError} `ARCHIVE_MISSING`, `ARCHIVE_CORRUPT` with the file's name
 */
export async function withSquashfs<T>(
  file: string,
  use: (image: SquashfsImage) => Promise<T> | T,
): Promise<T> {
  const handle = await openFile(file);
  try {
    const image = new SquashfsImage(handle.fd);
    try {
      return await use(image);
    } finally {
      await image.close();
    }
  } catch (error) {
    throw withFileName(file, error);
  } finally {
    await handle.close();
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    throw new OnibError('ARCHIVE_MISSING', `Cannot read "${file}": there is no such file`, {
      cause: error,
    });
  }
}

function withFileName(file: string, error: unknown): unknown {
  if (!(error instanceof OnibError) || error.code !== 'ARCHIVE_CORRUPT') return error;
  const message = error.message.replace('the squashfs image', `"${file}"`);
  return new OnibError(error.code, message, {
    hint: 'fetch or build it again',
    cause: error,
  });
}
