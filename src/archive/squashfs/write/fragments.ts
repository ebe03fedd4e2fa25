/**
 * Tails of files, several to a block.
 *
 * A block ends where it is full, and where the name of the next file says so: a hash of its path
 * cuts about every eight blocks. Blocks after such a cut do not depend on what was before it, so a
 * file that changes its size changes the few blocks up to the next cut and not all that follow.
 */
import type { FragmentBlock } from '../format/format.js';
import type { ByteString } from '../../../core/byte-string.js';
import type { BlockWriter, Slot } from './block-writer.js';
import { sha256 } from '../format/block-digest.js';

/** Mean distance of cuts, in blocks. */
const CUT_DISTANCE = 8;

export interface TailPlace {
  /** Place in the fragment table. */
  readonly fragment: number;
  /** In the uncompressed block. */
  readonly tailOffset: number;
}

export class FragmentPacker {
  /** The fragment table; complete after {@link finish} and the writer's. */
  readonly blocks: FragmentBlock[] = [];
  private readonly known = new Map<string, TailPlace>();
  private slot: Slot | undefined;
  private filled = 0;
  private started = 0;

  constructor(
    private readonly writer: BlockWriter,
    private readonly blockSize: number,
  ) {}

  /** Where the tail will be; equal tails are stored once. `path` decides about cuts. */
  async add(tail: Buffer, digest: Buffer, path: ByteString): Promise<TailPlace> {
    const key = digest.toString('latin1');
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.filled + tail.length > this.blockSize || this.cutsBefore(path, tail.length))
      this.flush();
    if (this.slot === undefined) {
      this.slot = await this.writer.slot();
      this.started++;
    }
    const place = { fragment: this.started - 1, tailOffset: this.filled };
    this.filled += tail.copy(this.slot.input, this.filled);
    this.known.set(key, place);
    return place;
  }

  /** Sends the last block on its way. */
  finish(): void {
    this.flush();
  }

  private flush(): void {
    if (this.slot === undefined) return;
    const index = this.started - 1;
    const digest = sha256(this.slot.input.subarray(0, this.filled));
    this.writer.submit(this.slot, this.filled, digest, (start, sizeWord) => {
      this.blocks[index] = { start, sizeWord };
    });
    this.slot = undefined;
    this.filled = 0;
  }

  /** Long tails cut more often, so that the distance in bytes is the same for small and large files. */
  private cutsBefore(path: ByteString, size: number): boolean {
    return pathHash(path) / 2 ** 32 < size / (CUT_DISTANCE * this.blockSize);
  }
}

/** 32 well-mixed bits of a path: FNV-1a, then the finalizer of MurmurHash3. */
export function pathHash(path: ByteString): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < path.length; at++) {
    hash = Math.imul(hash ^ path.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
