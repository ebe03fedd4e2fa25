/**
 * How zlib and liblzma take and give bytes: a structure of pointers and counts that stays at one address
 * from call to call (z_stream of zlib.h, lzma_stream of lzma/base.h; 64-bit pointers).
 */
import koffi from 'koffi';

/** What one call of a decoder took and gave. */
export interface Decoded {
  /** Bytes of the input that were taken. */
  readonly consumed: number;
  /** Valid until the next call. */
  readonly output: Buffer;
  /** The stream is complete. */
  readonly ended: boolean;
}

export interface StreamDecoder {
  /** Undefined: the stream is damaged. */
  decode(input: Buffer): Decoded | undefined;
  close(): void;
}

/** next_in @0 | avail_in @8 | total_in @16 | next_out @24 | avail_out @32 | ... */
export class StreamStructure {
  readonly bytes: Buffer;
  private readonly output: Buffer;

  /** @param size Bytes of the whole structure. */
  constructor(size: number, outputSize: number) {
    this.bytes = Buffer.from(new ArrayBuffer(size));
    this.output = Buffer.allocUnsafeSlow(outputSize);
  }

  /** Points to the buffers, calls, and tells what was taken and given; both libraries say 0 for more, 1 at the end. */
  around(input: Buffer, call: () => number): Decoded | undefined {
    this.bytes.writeBigUInt64LE(koffi.address(input), 0);
    this.bytes.writeUInt32LE(input.length, 8);
    this.bytes.writeBigUInt64LE(koffi.address(this.output), 24);
    this.bytes.writeUInt32LE(this.output.length, 32);
    const code = call();
    if (code !== 0 && code !== 1) return undefined;
    return {
      consumed: input.length - this.bytes.readUInt32LE(8),
      output: this.output.subarray(0, this.output.length - this.bytes.readUInt32LE(32)),
      ended: code === 1,
    };
  }
}
