/** Decompressors of one image: made when needed, used by one call at a time, kept for the next. */
import { corrupt } from '../format/corrupt.js';
import { COMPRESSOR_ID, type Compressor } from '../format/format.js';
import {
  FLAG_UNCOMPRESS,
  NativeCompressor,
  type CompressorSettings,
} from '../../../native/libsquashfs.js';

export class DecompressorPool {
  private readonly idle: NativeCompressor[] = [];
  private readonly settings: CompressorSettings;
  private readonly pending = new Set<Promise<unknown>>();

  constructor(compressor: Compressor, blockSize: number) {
    const id = COMPRESSOR_ID[compressor];
    this.settings = { id, blockSize, flags: FLAG_UNCOMPRESS, level: undefined };
  }

  /** Bytes written to `output`; what does not decompress, or not into it, is an error. */
  decompressSync(input: Buffer, output: Buffer): number {
    const native = this.take();
    const length = native.runSync(input, input.length, output, output.length);
    this.idle.push(native);
    return checked(length, output.length);
  }

  /** As {@link decompressSync}, on the thread pool; both buffers must stay untouched meanwhile. */
  async decompress(input: Buffer, output: Buffer): Promise<number> {
    const native = this.take();
    const call = native.run(input, input.length, output, output.length);
    this.pending.add(call);
    try {
      return checked(await call, output.length);
    } finally {
      this.pending.delete(call);
      this.idle.push(native);
    }
  }

  /** Waits for running calls and frees all decompressors. */
  async close(): Promise<void> {
    while (this.pending.size > 0) await Promise.allSettled(this.pending);
    for (const native of this.idle.splice(0)) native.close();
  }

  private take(): NativeCompressor {
    return this.idle.pop() ?? new NativeCompressor(this.settings);
  }
}

function checked(length: number, most: number): number {
  if (length <= 0 || length > most) throw corrupt('a compressed block cannot be decompressed');
  return length;
}
