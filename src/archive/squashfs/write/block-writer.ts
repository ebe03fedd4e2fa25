/**
 * Compresses blocks on the thread pool and writes them in the order in which they came, whatever
 * the order in which they are done: the image does not depend on the number of threads.
 */
import { crc32 } from 'node:zlib';
import type { CompressorPool } from './compressor-pool.js';
import { BLOCK_RAW } from '../format/format.js';
import { Limiter } from '../../../core/limiter.js';
import { writeAll } from '../../bytes/write-all.js';

/** Where a block went: byte in the image, and size word as inodes store it. */
export type Placed = (start: number, sizeWord: number) => void;

/** Room for one block on its way: fill `input`, then {@link BlockWriter.submit} it or give it back. */
export interface Slot {
  readonly input: Buffer;
  readonly output: Buffer;
}

/** A block as it stands in the image. */
export interface StoredBlock {
  readonly bytes: Buffer;
  readonly raw: boolean;
}

/** A block of the previous image. */
export interface PreviousBlock extends StoredBlock {
  /** CRC-32 of its bytes. */
  readonly sum: number;
  /** Byte of the previous image where it stands. */
  readonly start: number;
}

/** A block that need not be compressed, because its compressed form is at hand; read into `room`. */
export type FindStored = (digest: Buffer, room: Buffer) => PreviousBlock | undefined;

/** A block that was written. */
export interface StoredPlace {
  /** Byte of the image where it stands. */
  readonly start: number;
  readonly sizeWord: number;
  /** CRC-32 of it as it is stored. */
  readonly sum: number;
  /** sha256 of its content. */
  readonly digest: Buffer;
  /** Byte of the previous image that it was copied from. */
  readonly copiedFrom: number | undefined;
}

interface Job {
  readonly slot: Slot;
  readonly digest: Buffer;
  readonly block: Promise<StoredBlock>;
  readonly previous: PreviousBlock | undefined;
  readonly placed: Placed;
}

export interface BlockWriterOptions {
  readonly descriptor: number;
  /** Byte of the image where the first block goes. */
  readonly start: number;
  readonly blockSize: number;
  readonly threads: number;
  readonly compressors: CompressorPool;
  readonly findStored: FindStored;
}

/** Blocks that wait, beside those that are being compressed, so that no thread waits for the disk. */
const WAITING = 2;

export class BlockWriter {
  private readonly queue: Job[] = [];
  private readonly free: Slot[] = [];
  private readonly limiter: Limiter;
  private slots: number;
  /** All blocks so far, in the order of the image. */
  readonly written: StoredPlace[] = [];
  /** Byte of the image where the next block goes. */
  position: number;

  constructor(private readonly options: BlockWriterOptions) {
    this.position = options.start;
    this.limiter = new Limiter(options.threads);
    this.slots = options.threads + WAITING;
  }

  /** Room for a block; waits for the oldest block when there is none. */
  async slot(): Promise<Slot> {
    const free = this.free.pop();
    if (free !== undefined) return free;
    if (this.slots > 0) {
      this.slots--;
      const { blockSize } = this.options;
      return {
        input: Buffer.allocUnsafeSlow(blockSize),
        output: Buffer.allocUnsafeSlow(blockSize),
      };
    }
    return await this.writeOldest();
  }

  /** Gives back room that was not needed. */
  release(slot: Slot): void {
    this.free.push(slot);
  }

  /** Sends the first `length` bytes of the slot's input on their way; the slot is taken. */
  submit(slot: Slot, length: number, digest: Buffer, placed: Placed): void {
    const previous = this.options.findStored(digest, slot.output);
    const block = previous === undefined ? this.compress(slot, length) : Promise.resolve(previous);
    // A failure is met when the block's turn comes; until then it is not an unhandled one.
    block.catch(() => undefined);
    this.queue.push({ slot, digest, block, previous, placed });
  }

  /** Waits until everything is written. */
  async finish(): Promise<void> {
    while (this.queue.length > 0) this.free.push(await this.writeOldest());
  }

  /** Waits until no thread works on a block any more; for clean-up after a failure. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.queue.map(({ block }) => block));
  }

  private async compress({ input, output }: Slot, length: number): Promise<StoredBlock> {
    const bytes = input.subarray(0, length);
    const compressed = await this.limiter.run(() =>
      this.options.compressors.compress(bytes, output),
    );
    return compressed === undefined ? { bytes, raw: true } : { bytes: compressed, raw: false };
  }

  private async writeOldest(): Promise<Slot> {
    const job = this.queue.shift();
    if (job === undefined) throw new Error('every slot is held by its user');
    let block: StoredBlock;
    try {
      block = await job.block;
    } catch (error) {
      await this.settle();
      throw error;
    }
    writeAll(this.options.descriptor, block.bytes, this.position);
    const sizeWord = block.raw ? block.bytes.length | BLOCK_RAW : block.bytes.length;
    job.placed(this.position, sizeWord);
    this.written.push({
      start: this.position,
      sizeWord,
      sum: job.previous?.sum ?? crc32(block.bytes),
      digest: job.digest,
      copiedFrom: job.previous?.start,
    });
    this.position += block.bytes.length;
    return job.slot;
  }
}
