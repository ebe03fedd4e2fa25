/** libzstd's streams; Node has no zstd before 22. */
import koffi from 'koffi';
import { callsOf } from './calls.js';
import { sharedLibrary } from './shared-library.js';
import type { Decoded, StreamDecoder } from './stream-structure.js';

type Code = number | bigint;

const call = callsOf(() => sharedLibrary('libzstd.so.1', 'libzstd1'));
const createCompressor = call('void *ZSTD_createCCtx()') as () => bigint | null;
const setParameter = call(
  'size_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)',
) as (context: bigint, parameter: number, value: number) => Code;
const compress = call(
  'size_t ZSTD_compressStream2(void *context, uint8_t *output, uint8_t *input, int end)',
) as (context: bigint, output: Buffer, input: Buffer, end: number) => Code;
const freeCompressor = call('size_t ZSTD_freeCCtx(void *context)') as (context: bigint) => Code;
const createDecompressor = call('void *ZSTD_createDCtx()') as () => bigint | null;
const decompress = call(
  'size_t ZSTD_decompressStream(void *context, uint8_t *output, uint8_t *input)',
) as (context: bigint, output: Buffer, input: Buffer) => Code;
const freeDecompressor = call('size_t ZSTD_freeDCtx(void *context)') as (context: bigint) => Code;
const isError = call('uint32_t ZSTD_isError(size_t code)') as (code: Code) => number;
const errorName = call('const char *ZSTD_getErrorName(size_t code)') as (code: Code) => string;

/** ZSTD_inBuffer or ZSTD_outBuffer: pointer | size | place. */
class BufferStructure {
  readonly bytes = Buffer.from(new ArrayBuffer(24));

  point(buffer: Buffer): void {
    this.bytes.writeBigUInt64LE(buffer.length === 0 ? 0n : koffi.address(buffer), 0);
    this.bytes.writeBigUInt64LE(BigInt(buffer.length), 8);
    this.bytes.writeBigUInt64LE(0n, 16);
  }

  /** Bytes that were taken or given. */
  get place(): number {
    return Number(this.bytes.readBigUInt64LE(16));
  }
}

/** ZSTD_cParameter of zstd.h. */
const PARAMETER = { level: 100, checksum: 201, workers: 400, jobSize: 401 } as const;
const CONTINUE = 0;
const END = 2;

/** One frame; blocks its thread when all of its workers are busy. */
export class ZstdCompressor {
  private readonly context: bigint;
  private readonly input = new BufferStructure();
  private readonly output = new BufferStructure();
  private readonly buffer: Buffer;

  /** @throws {OnibError} `LIBRARY_MISSING` */
  constructor(
    parameters: Partial<Record<keyof typeof PARAMETER, number>>,
    outputSize: number,
    private readonly write: (bytes: Buffer) => void,
  ) {
    const context = createCompressor();
    if (context === null) throw new Error('libzstd cannot make a compressor');
    this.context = context;
    this.buffer = Buffer.allocUnsafeSlow(outputSize);
    for (const [name, value] of Object.entries(parameters)) {
      this.checked(setParameter(context, PARAMETER[name as keyof typeof PARAMETER], value));
    }
  }

  /** Takes all of these bytes; what comes out meanwhile is written. */
  add(bytes: Buffer): void {
    this.input.point(bytes);
    while (this.input.place < bytes.length) this.step(CONTINUE);
  }

  /** Ends the frame; everything is written then. */
  finish(): void {
    this.input.point(Buffer.alloc(0));
    while (this.step(END) !== 0);
  }

  /** Waits until no worker works any more. */
  close(): void {
    freeCompressor(this.context);
  }

  /** Bytes that are still to come; only of interest at the end. */
  private step(end: number): number {
    this.output.point(this.buffer);
    const { context, output, input } = this;
    const left = this.checked(compress(context, output.bytes, input.bytes, end));
    if (output.place > 0) this.write(this.buffer.subarray(0, output.place));
    return left;
  }

  private checked(code: Code): number {
    if (isError(code) !== 0) {
      throw new Error(`libzstd cannot compress: ${errorName(code)}`);
    }
    return Number(code);
  }
}

export class ZstdDecoder implements StreamDecoder {
  private readonly context: bigint;
  private readonly input = new BufferStructure();
  private readonly output = new BufferStructure();
  private readonly buffer: Buffer;

  /** @throws {OnibError} `LIBRARY_MISSING` */
  constructor(outputSize: number) {
    const context = createDecompressor();
    if (context === null) throw new Error('libzstd cannot make a decoder');
    this.context = context;
    this.buffer = Buffer.allocUnsafeSlow(outputSize);
  }

  decode(input: Buffer): Decoded | undefined {
    this.input.point(input);
    this.output.point(this.buffer);
    const code = decompress(this.context, this.output.bytes, this.input.bytes);
    if (isError(code) !== 0) return undefined;
    return {
      consumed: this.input.place,
      output: this.buffer.subarray(0, this.output.place),
      ended: Number(code) === 0,
    };
  }

  close(): void {
    freeDecompressor(this.context);
  }
}
