/** Compressors of one image: made when needed, used by one call at a time, kept for the next. */
import { OnibError } from '../../../core/errors.js';
import {
  COMPRESSOR_ID,
  effectiveLevel,
  LZ4_HIGH,
  type CompressionSettings,
} from '../format/format.js';
import { NativeCompressor, type CompressorSettings } from '../../../native/libsquashfs.js';

export class CompressorPool {
  private readonly idle: NativeCompressor[] = [];
  private readonly settings: CompressorSettings;

  constructor(compression: CompressionSettings) {
    const level = effectiveLevel(compression);
    this.settings = {
      id: COMPRESSOR_ID[compression.compressor],
      blockSize: compression.blockSize,
      // lz4 has a mode instead of levels.
      flags: compression.compressor === 'lz4' && level > 1 ? LZ4_HIGH : 0,
      level: compression.compressor === 'lz4' ? undefined : level,
    };
    this.idle.push(new NativeCompressor(this.settings));
  }

  /** The compressed bytes, or undefined when they would not be fewer. */
  compressSync(input: Buffer, scratch: Buffer): Buffer | undefined {
    const compressor = this.take();
    const length = compressor.runSync(input, input.length, scratch, input.length);
    this.idle.push(compressor);
    return result(length, scratch);
  }

  /** As {@link compressSync}, on the thread pool; `scratch` must stay untouched meanwhile. */
  async compress(input: Buffer, scratch: Buffer): Promise<Buffer | undefined> {
    const compressor = this.take();
    try {
      return result(await compressor.run(input, input.length, scratch, input.length), scratch);
    } finally {
      this.idle.push(compressor);
    }
  }

  /** Frees all compressors; no call may be running. */
  close(): void {
    for (const compressor of this.idle.splice(0)) compressor.close();
  }

  private take(): NativeCompressor {
    return this.idle.pop() ?? new NativeCompressor(this.settings);
  }
}

function result(length: number, output: Buffer): Buffer | undefined {
  if (length < 0) {
    throw new OnibError(
      'SQUASHFS_COMPRESSOR',
      `Cannot compress a block: libsquashfs reports error ${String(length)}`,
    );
  }
  return length === 0 ? undefined : output.subarray(0, length);
}
