/**
 * The blocks that an image has from the previous one, for the read-back.
 *
 * Of a proven image (see `previous-image.ts`) it is known what each block decompresses to. Where the
 * new image has, read from the disk, the same bytes as the old one, it decompresses to the same: to
 * compare them is the same proof as to decompress them once more, for a twentieth of the time.
 */
import { readAt } from '../../bytes/read-at.js';
import type { StoredPlace } from '../write/block-writer.js';
import { BLOCK_SIZE_MASK } from '../format/format.js';
import type { PreviousImage } from './previous-image.js';

export class BlockCopies {
  /** Copied blocks, of a proven previous image or not. */
  readonly count: number;
  private readonly provable = new Map<number, StoredPlace>();
  private readonly found = new Map<number, Buffer | undefined>();
  private mine = Buffer.alloc(0);
  private theirs = Buffer.alloc(0);

  constructor(
    private readonly descriptor: number,
    private readonly previous: Pick<PreviousImage, 'descriptor' | 'proven'> | undefined,
    written: readonly StoredPlace[],
  ) {
    const copied = written.filter(({ copiedFrom }) => copiedFrom !== undefined);
    this.count = copied.length;
    if (previous?.proven !== true) return;
    for (const block of copied) this.provable.set(block.start, block);
  }

  /** The sha256 of what a block decompresses to; undefined when only decompressing it can tell. */
  contentDigest(start: number, sizeWord: number): Buffer | undefined {
    const block = this.provable.get(start);
    if (block?.sizeWord !== sizeWord) return undefined;
    if (!this.found.has(start))
      this.found.set(start, this.isSame(block) ? block.digest : undefined);
    return this.found.get(start);
  }

  private isSame({ start, sizeWord, copiedFrom }: StoredPlace): boolean {
    if (this.previous === undefined || copiedFrom === undefined) return false;
    const length = sizeWord & BLOCK_SIZE_MASK;
    // Used again for every block: tens of megabytes would be left behind otherwise.
    if (this.mine.length < length) this.mine = Buffer.allocUnsafeSlow(length);
    if (this.theirs.length < length) this.theirs = Buffer.allocUnsafeSlow(length);
    const mine = this.mine.subarray(0, length);
    const theirs = this.theirs.subarray(0, length);
    return (
      readAt(this.descriptor, mine, start) === length &&
      readAt(this.previous.descriptor, theirs, copiedFrom) === length &&
      mine.equals(theirs)
    );
  }
}
