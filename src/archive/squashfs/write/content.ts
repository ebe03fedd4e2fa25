/**
 * The contents of a tree's files: read, cut into blocks, compared with what is there already, and
 * sent to be compressed and written. Reading is synchronous; compressing goes on meanwhile.
 */
import { nextData } from '../../../native/lseek.js';
import { SourceFile } from '../../tree/source-file.js';
import type { FileInode, Tree } from '../../tree/tree.js';
import { sha256 } from '../format/block-digest.js';
import type { BlockWriter } from './block-writer.js';
import { filesInOrder } from './file-order.js';
import { type FragmentBlock, NO_FRAGMENT } from '../format/format.js';
import { FragmentPacker, type TailPlace } from './fragments.js';
import type { FileLayout } from '../format/inode.js';

/** A file's layout and what it was made from. */
export interface FileContent extends FileLayout {
  /** sha256 of every block, the tail last; undefined for a block of zeros. */
  readonly digests: readonly (Buffer | undefined)[];
}

export interface ContentOptions {
  readonly blockSize: number;
  readonly writer: BlockWriter;
  /** Called for every block with its bytes; throws to stop. */
  readonly checkpoint: (bytes: number) => void;
}

export interface Contents {
  readonly files: ReadonlyMap<FileInode, FileContent>;
  readonly fragments: readonly FragmentBlock[];
}

/** @throws {OnibError} `PACK_TREE_CHANGED`, `PACK_UNREADABLE` */
export async function packContents(tree: Tree, options: ContentOptions): Promise<Contents> {
  return await new ContentPacker(tree, options).run();
}

/** A run of full blocks; start and size words come in as the blocks are written. */
interface Blocks {
  start: number;
  readonly words: number[];
  readonly digests: (Buffer | undefined)[];
  sparse: number;
}

/** A file of which everything is read, and maybe not everything written. */
interface Pending {
  readonly blocks: Blocks;
  /** `place` is undefined for a tail of zeros. */
  readonly tail?: {
    readonly length: number;
    readonly digest?: Buffer;
    readonly place?: TailPlace;
  };
}

class ContentPacker {
  private readonly fragments: FragmentPacker;
  /** Files by the digests of their full blocks. */
  private readonly known = new Map<string, Blocks>();
  /** How many files have a size. */
  private readonly sizes = new Map<number, number>();
  private readonly scratch: Buffer;
  private readonly zeros: Buffer;

  constructor(
    private readonly tree: Tree,
    private readonly options: ContentOptions,
  ) {
    this.fragments = new FragmentPacker(options.writer, options.blockSize);
    this.scratch = Buffer.allocUnsafeSlow(options.blockSize);
    this.zeros = Buffer.alloc(options.blockSize);
  }

  async run(): Promise<Contents> {
    const files = filesInOrder(this.tree);
    for (const { size } of files) this.sizes.set(size, (this.sizes.get(size) ?? 0) + 1);
    const pending: [FileInode, Pending][] = [];
    for (const file of files) pending.push([file, await this.packFile(file)]);
    this.fragments.finish();
    await this.options.writer.finish();
    const contents = pending.map(([file, parts]) => [file, contentOf(parts)] as const);
    return { files: new Map(contents), fragments: this.fragments.blocks };
  }

  private fullBlocks(size: number): number {
    return Math.floor(size / this.options.blockSize);
  }

  private async packFile(file: FileInode): Promise<Pending> {
    return await SourceFile.open(this.tree, file, (source) => this.readFile(file, source));
  }

  private async readFile(file: FileInode, source: SourceFile): Promise<Pending> {
    const { blockSize } = this.options;
    const blocks = await this.readFullBlocks(file, source);
    const tailAt = this.fullBlocks(file.size) * blockSize;
    const tail = this.scratch.subarray(0, file.size - tailAt);
    source.read(tail, tailAt);
    this.options.checkpoint(tail.length);
    const { length } = tail;
    if (length === 0) return { blocks };
    if (this.isZero(tail)) return { blocks, tail: { length } };
    const digest = sha256(tail);
    const place = await this.fragments.add(tail, digest, file.path);
    return { blocks, tail: { length, digest, place } };
  }

  /** Equal files are stored once. Only files of one size can be equal: others need no second look. */
  private async readFullBlocks(file: FileInode, source: SourceFile): Promise<Blocks> {
    const count = this.fullBlocks(file.size);
    if (count === 0 || (this.sizes.get(file.size) ?? 0) < 2) {
      return await this.storeFullBlocks(file, source);
    }
    const digests: string[] = [];
    for (let at = 0; at < count; at++) {
      source.read(this.scratch, at * this.options.blockSize);
      this.options.checkpoint(0);
      digests.push(sha256(this.scratch).toString('latin1'));
    }
    const key = digests.join('');
    const known = this.known.get(key);
    if (known !== undefined) {
      this.options.checkpoint(count * this.options.blockSize);
      return known;
    }
    const blocks = await this.storeFullBlocks(file, source);
    this.known.set(key, blocks);
    return blocks;
  }

  private async storeFullBlocks(file: FileInode, source: SourceFile): Promise<Blocks> {
    const { blockSize, writer, checkpoint } = this.options;
    const blocks: Blocks = { start: 0, words: [], digests: [], sparse: 0 };
    const count = this.fullBlocks(file.size);
    let placed = false;
    let dataAt = 0;
    for (let at = 0; at < count; at++) {
      const position = at * blockSize;
      const slot = await writer.slot();
      checkpoint(blockSize);
      const hole = dataAt >= position + blockSize;
      if (!hole) source.read(slot.input, position);
      if (hole || this.isZero(slot.input)) {
        writer.release(slot);
        blocks.words[at] = 0;
        blocks.digests[at] = undefined;
        blocks.sparse += blockSize;
        if (!hole) dataAt = nextData(source.descriptor, position + blockSize) ?? Infinity;
        continue;
      }
      const digest = sha256(slot.input);
      blocks.digests[at] = digest;
      writer.submit(slot, blockSize, digest, (start, sizeWord) => {
        if (!placed) blocks.start = start;
        placed = true;
        blocks.words[at] = sizeWord;
      });
    }
    return blocks;
  }

  private isZero(bytes: Buffer): boolean {
    return bytes.equals(this.zeros.subarray(0, bytes.length));
  }
}

/** Known when all blocks are written. */
function contentOf({ blocks, tail }: Pending): FileContent {
  const { start, words, digests, sparse } = blocks;
  if (tail === undefined) return { start, blocks: words, digests, sparse, ...NO_TAIL };
  if (tail.place === undefined) {
    // A tail of zeros is a last block of zeros.
    return {
      start,
      blocks: [...words, 0],
      digests: [...digests, undefined],
      sparse: sparse + tail.length,
      ...NO_TAIL,
    };
  }
  return { start, blocks: words, digests: [...digests, tail.digest], sparse, ...tail.place };
}

const NO_TAIL = { fragment: NO_FRAGMENT, tailOffset: 0 };
