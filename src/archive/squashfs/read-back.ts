/**
 * Reads a new image back and compares it with the tree that was packed: every inode's fields, every
 * name, and the digest of every block that a file consists of. Blocks that were copied from a proven
 * image are compared with those there, and need not be decompressed.
 */
import type { FragmentBlock } from './format/format.js';
import { displayName } from '../../core/byte-string.js';
import { Limiter } from '../../core/limiter.js';
import { OnibError } from '../../core/errors.js';
import {
  walkEntries,
  type DirectoryInode,
  type FileInode,
  type Inode,
  type Tree,
} from '../tree/tree.js';
import { unsignedTime } from '../bytes/unsigned-time.js';
import type { BlockCopies } from './repack/block-copies.js';
import { sha256 } from './format/block-digest.js';
import type { FileContent } from './write/content.js';
import { SquashfsImage } from './read/image.js';
import type { FilePiece } from './read/block-reader.js';
import type { ImageFile, ImageInode } from './read/inode-reader.js';

export interface ReadBackInput {
  readonly tree: Tree;
  readonly files: ReadonlyMap<FileInode, FileContent>;
  readonly fragments: readonly FragmentBlock[];
  readonly copies: BlockCopies;
  readonly descriptor: number;
  /** Blocks that are decompressed at a time. */
  readonly threads: number;
  /** Called for every name and every block; throws to stop. */
  readonly checkpoint: () => void;
}

/** @throws {OnibError} `PACK_READ_BACK` for the first difference, `ARCHIVE_CORRUPT` */
export async function readBack(input: ReadBackInput): Promise<void> {
  const image = new SquashfsImage(input.descriptor);
  try {
    await new ReadBack(input, image).run();
  } finally {
    await image.close();
  }
}

type TailPiece = Extract<FilePiece, { readonly kind: 'tail' }>;

class ReadBack {
  private readonly limiter: Limiter;
  private readonly running = new Set<Promise<void>>();
  private readonly checked = new Set<Inode>();
  /** Blocks by place, with the digest that they were found to have. */
  private readonly digests = new Map<string, Buffer>();
  /** Fragment blocks by their number: whether each is where it was put, and a copy of a proven one. */
  private readonly copiedFragments = new Map<number, boolean>();
  private failure: Error | undefined;

  constructor(
    private readonly input: ReadBackInput,
    private readonly image: SquashfsImage,
  ) {
    this.limiter = new Limiter(input.threads);
  }

  async run(): Promise<void> {
    const found = this.image.walk();
    this.compareNext('', this.input.tree.root, found.next());
    try {
      for (const { path, inode } of walkEntries(this.input.tree.root)) {
        this.input.checkpoint();
        const image = this.compareNext(path, inode, found.next());
        if (inode.kind !== 'file' || this.checked.has(inode)) continue;
        this.checked.add(inode);
        if (image.kind === 'file') await this.startFile(inode, image);
      }
    } finally {
      await Promise.all(this.running);
    }
    if (this.failure !== undefined) throw this.failure;
    if (found.next().done !== true) throw difference('', 'has more files than the tree');
  }

  private compareNext(
    path: string,
    inode: Inode,
    next: IteratorResult<{ path: string; inode: ImageInode }, unknown>,
  ): ImageInode {
    if (next.done === true || next.value.path !== path) throw difference(path, 'is missing');
    const found = next.value.inode;
    for (const [what, expected, actual] of this.fields(inode, found)) {
      if (expected !== actual) {
        throw difference(path, `has the ${what} ${String(actual)} instead of ${String(expected)}`);
      }
    }
    return found;
  }

  private *fields(inode: Inode, found: ImageInode): Generator<[string, unknown, unknown]> {
    yield ['type', inode.kind, found.kind];
    yield ['mode', inode.mode, found.mode];
    yield ['owner', inode.uid, this.image.uid(found)];
    yield ['group', inode.gid, this.image.gid(found)];
    yield ['time', unsignedTime(inode.mtime), found.mtime];
    yield ['attributes', xattrText(inode.xattrs), xattrText(this.image.xattrs(found))];
    if (inode.kind === 'directory') yield ['links', linksOf(inode), found.links];
    else yield ['links', inode.links, found.links];
    if (inode.kind === 'file' && found.kind === 'file') yield ['size', inode.size, found.size];
    if (inode.kind === 'symlink' && found.kind === 'symlink') {
      yield ['target', inode.target, found.target];
    }
    if ('device' in inode && 'device' in found) {
      yield ['major number', inode.device.major, found.device.major];
      yield ['minor number', inode.device.minor, found.device.minor];
    }
  }

  /** Sends a file's blocks to be checked, as many at a time as there are threads. */
  private async startFile(inode: FileInode, found: ImageFile): Promise<void> {
    const digests = this.input.files.get(inode)?.digests ?? [];
    let index = 0;
    for (const piece of this.image.blocks.pieces(found)) {
      const expected = digests[index++];
      while (this.running.size > this.input.threads) await Promise.race(this.running);
      if (this.failure !== undefined) return;
      this.input.checkpoint();
      const check = this.limiter
        .run(() => this.checkPiece(inode, piece, expected))
        .catch((error: unknown) => {
          this.failure ??= error instanceof Error ? error : new Error(String(error));
        })
        .finally(() => this.running.delete(check));
      this.running.add(check);
    }
    if (index !== digests.length) throw difference(inode.path, 'has another number of blocks');
  }

  private async checkPiece(
    inode: FileInode,
    piece: FilePiece,
    expected: Buffer | undefined,
  ): Promise<void> {
    if (piece.kind === 'zeros') {
      if (expected !== undefined) throw difference(inode.path, 'has zeros for content');
      return;
    }
    if (piece.kind === 'tail' && expected !== undefined && this.isCopiedTail(inode, piece)) return;
    const digest = await this.digestOf(piece);
    if (expected?.equals(digest) !== true) throw difference(inode.path, 'has another content');
  }

  private async digestOf(piece: FilePiece): Promise<Buffer> {
    if (piece.kind !== 'block') return await this.image.blocks.withPiece(piece, sha256);
    const copied = this.input.copies.contentDigest(piece.start, piece.sizeWord);
    if (copied !== undefined) return copied;
    // Equal files share their blocks.
    const place = `${String(piece.start)}/${String(piece.length)}`;
    const digest = this.digests.get(place) ?? (await this.image.blocks.withPiece(piece, sha256));
    this.digests.set(place, digest);
    return digest;
  }

  /** A copied block has the tails that were put into it, where they were put. */
  private isCopiedTail(inode: FileInode, { fragment, offset }: TailPiece): boolean {
    const packed = this.input.files.get(inode);
    if (packed?.fragment !== fragment || packed.tailOffset !== offset) return false;
    let copied = this.copiedFragments.get(fragment);
    if (copied === undefined) {
      const { start, sizeWord } = this.image.blocks.fragmentPlace(fragment);
      copied =
        this.input.fragments[fragment]?.start === start &&
        this.input.copies.contentDigest(start, sizeWord) !== undefined;
      this.copiedFragments.set(fragment, copied);
    }
    return copied;
  }
}

function xattrText(xattrs: Inode['xattrs']): string {
  return xattrs.map(({ name, value }) => `${name}=${value.toString('hex')}`).join(' ');
}

function linksOf(directory: DirectoryInode): number {
  return 2 + directory.entries.filter(({ inode }) => inode.kind === 'directory').length;
}

function difference(path: string, what: string): OnibError {
  return new OnibError(
    'PACK_READ_BACK',
    `Cannot trust the new image: "/${displayName(path)}" ${what}`,
    { hint: 'check the memory and the disk of this machine, then pack again' },
  );
}
