/**
 * newc cpio archives: what the kernel unpacks as an initramfs, and what an overlay is.
 *
 * Members stand in byte order of their paths, directories before what they hold. Inodes are numbered
 * from 1 as they come. The names of a hard-linked file carry one number and the count of its names;
 * its content stands with the last of them, as GNU cpio writes it; GNU cpio, busybox and the kernel
 * take it from there. Two kinds of file stand for themselves even when they are linked: symbolic
 * links, because no reader links them, and whiteouts, because overlayfs links all whiteouts of a
 * layer to one inode merely to save inodes.
 */
import type { ByteString } from '../../core/byte-string.js';
import {
  encodeHeader,
  MAX_CONTENT,
  MAX_NAME,
  padding,
  TRAILER,
  type NewcHeader,
} from './header.js';
import { packError } from '../tree/errors.js';
import { TYPE_BITS, walkEntries, type FileInode, type Inode, type Tree } from '../tree/tree.js';
import { unsignedTime } from '../bytes/unsigned-time.js';

/** Bytes of a regular file, in pieces; a piece is valid until the next is asked for. */
export type ReadContent = (file: FileInode) => Iterable<Buffer>;

/** A file that the archive has and the tree has not; root's, and not writable by others. */
export interface ExtraFile {
  readonly path: ByteString;
  /** Undefined: a directory. */
  readonly content?: Buffer;
}

const NO_DEVICE = { major: 0, minor: 0 };

/** True for overlayfs' mark of a deleted name: a character device 0:0. */
export function isWhiteout(inode: Inode): boolean {
  return inode.kind === 'character' && inode.device.major === 0 && inode.device.minor === 0;
}

/**
 * The archive's bytes, in pieces; a piece is valid until the next is asked for.
 *
 * @throws {OnibError} `CPIO_CANNOT_HOLD` for what the format has no place for, and what `read` throws
 */
export function* encodeNewc(
  tree: Tree,
  extra: readonly ExtraFile[],
  read: ReadContent,
): Generator<Buffer> {
  const encoder = new NewcEncoder(tree, read);
  yield* encoder.member('.', tree.root);
  for (const file of extra) yield* encoder.extra(file);
  for (const { path, inode } of walkEntries(tree.root)) yield* encoder.member(path, inode);
  yield encoder.trailer();
}

class NewcEncoder {
  private inodes = 0;
  private readonly linked = new Map<Inode, { readonly number: number; left: number }>();

  constructor(
    private readonly tree: Tree,
    private readonly read: ReadContent,
  ) {}

  *member(path: ByteString, inode: Inode): Generator<Buffer> {
    this.assertHolds(path, inode);
    const shared = inode.links > 1 && inode.kind !== 'symlink' && !isWhiteout(inode);
    const { number, isLast } = shared
      ? this.nextLink(inode)
      : { number: ++this.inodes, isLast: true };
    const size = isLast ? contentSize(inode) : 0;
    yield encodeHeader(headerOf(inode, number, shared ? inode.links : undefined, size), path);
    if (size === 0) return;
    if (inode.kind === 'symlink') yield Buffer.from(inode.target, 'latin1');
    if (inode.kind === 'file') yield* this.read(inode);
    yield Buffer.alloc(padding(size));
  }

  *extra({ path, content }: ExtraFile): Generator<Buffer> {
    const directory = content === undefined;
    const header: NewcHeader = {
      inode: ++this.inodes,
      mode: directory ? TYPE_BITS.directory | 0o755 : TYPE_BITS.file | 0o644,
      uid: 0,
      gid: 0,
      links: directory ? 2 : 1,
      mtime: unsignedTime(this.tree.root.mtime),
      size: content?.length ?? 0,
      device: NO_DEVICE,
    };
    yield encodeHeader(header, path);
    if (content === undefined) return;
    yield content;
    yield Buffer.alloc(padding(content.length));
  }

  trailer(): Buffer {
    const header = { inode: 0, mode: 0, uid: 0, gid: 0, links: 1, mtime: 0, size: 0 };
    return encodeHeader({ ...header, device: NO_DEVICE }, TRAILER);
  }

  private nextLink(inode: Inode): { number: number; isLast: boolean } {
    let link = this.linked.get(inode);
    if (link === undefined) {
      link = { number: ++this.inodes, left: inode.links };
      this.linked.set(inode, link);
    }
    link.left--;
    return { number: link.number, isLast: link.left === 0 };
  }

  private assertHolds(path: ByteString, inode: Inode): void {
    const refuse = (what: string): Error =>
      packError(
        this.tree.source,
        path,
        'CPIO_CANNOT_HOLD',
        `a cpio archive has no place for ${what}`,
        {
          hint: 'leave it out of the overlay, or have the base image hold it',
        },
      );
    if (contentSize(inode) > MAX_CONTENT) throw refuse('a file of 4 GiB or more');
    if (path.length + 1 > MAX_NAME)
      throw refuse(`a path of more than ${String(MAX_NAME - 1)} bytes`);
    if (path === TRAILER) throw refuse(`a file named ${TRAILER}, which marks its end`);
  }
}

function contentSize(inode: Inode): number {
  if (inode.kind === 'file') return inode.size;
  return inode.kind === 'symlink' ? inode.target.length : 0;
}

function headerOf(
  inode: Inode,
  number: number,
  links: number | undefined,
  size: number,
): NewcHeader {
  return {
    inode: number,
    mode: TYPE_BITS[inode.kind] | inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    links: links ?? (inode.kind === 'directory' ? 2 : 1),
    mtime: unsignedTime(inode.mtime),
    size,
    device: inode.kind === 'block' || inode.kind === 'character' ? inode.device : NO_DEVICE,
  };
}
