/**
 * zstd with all cores, and with the same bytes whatever their number: libzstd cuts the input into jobs of
 * a fixed size, each with a part of the one before it as dictionary, and joins them to one frame. One
 * frame, because the kernel takes what follows a frame for another archive.
 */
import { ZstdCompressor } from '../../native/libzstd.js';

const JOB = 4 * 1_048_576;
const OUTPUT_SIZE = 262_144;

/** Compresses a stream; blocks its thread when all cores are busy, so use it in a worker thread. */
export class ZstdWriter {
  private readonly compressor: ZstdCompressor;
  private closed = false;

  /** `write` gets the compressed bytes in order, valid until it returns. */
  constructor(level: number, threads: number, write: (bytes: Buffer) => void) {
    // Without workers the bytes would be others than with any number of them.
    const parameters = { level, checksum: 1, workers: threads, jobSize: JOB };
    this.compressor = new ZstdCompressor(parameters, OUTPUT_SIZE, write);
  }

  add(bytes: Buffer): void {
    this.compressor.add(bytes);
  }

  /** Ends the frame; everything is written then. */
  finish(): void {
    this.compressor.finish();
  }

  /** Waits until no thread works any more, and frees the compressor. */
  settle(): void {
    if (!this.closed) this.compressor.close();
    this.closed = true;
  }
}
