/**
 * Decompresses one gzip, xz, lzma or zstd stream and says where it ends, which Node's zlib does not: in an
 * initrd another archive may follow. Through the libraries that libsquashfs brings along.
 *
 * Their stream structures are laid out here by hand (zlib.h, lzma/base.h, zstd.h; 64-bit pointers), as
 * they must stay at one address from call to call.
 */
import koffi from 'koffi';
import { sharedLibrary } from './shared-library.js';

export type StreamCompression = 'gzip' | 'xz' | 'lzma' | 'zstd';

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

const OUTPUT_SIZE = 262_144;
/** xz -9 needs 65 MiB, zstd --ultra 128 MiB; more is not taken from an image that asks for it. */
const MEMORY_LIMIT = 160 * 1_048_576;

export function openDecoder(compression: StreamCompression): StreamDecoder {
  switch (compression) {
    case 'gzip':
      return new ZlibDecoder();
    case 'xz':
    case 'lzma':
      return new LzmaDecoder();
    case 'zstd':
      return new ZstdDecoder();
  }
}

/** next_in @0 | avail_in @8 | total_in @16 | next_out @24 | avail_out @32 | ..., in z_stream and lzma_stream. */
class StreamStructure {
  readonly bytes: Buffer;
  private readonly output = Buffer.allocUnsafeSlow(OUTPUT_SIZE);

  constructor(size: number) {
    this.bytes = Buffer.from(new ArrayBuffer(size));
  }

  /** Points to the buffers, calls, and tells what was taken and given. */
  around(input: Buffer, call: () => number): { code: number; consumed: number; output: Buffer } {
    this.bytes.writeBigUInt64LE(koffi.address(input), 0);
    this.bytes.writeUInt32LE(input.length, 8);
    this.bytes.writeBigUInt64LE(koffi.address(this.output), 24);
    this.bytes.writeUInt32LE(OUTPUT_SIZE, 32);
    const code = call();
    return {
      code,
      consumed: input.length - this.bytes.readUInt32LE(8),
      output: this.output.subarray(0, OUTPUT_SIZE - this.bytes.readUInt32LE(32)),
    };
  }
}

const STREAM_END = 1;

class ZlibDecoder implements StreamDecoder {
  private static readonly size = 112;
  private readonly stream = new StreamStructure(ZlibDecoder.size);
  private readonly inflate: (stream: Buffer, flush: number) => number;
  private readonly end: (stream: Buffer) => number;

  constructor() {
    const zlib = sharedLibrary('libz.so.1', 'zlib1g');
    const version = zlib.func('zlibVersion', 'str', []) as () => string;
    const init = zlib.func('inflateInit2_', 'int', ['uint8_t *', 'int', 'str', 'int']) as (
      stream: Buffer,
      windowBits: number,
      version: string,
      size: number,
    ) => number;
    this.inflate = zlib.func('inflate', 'int', ['uint8_t *', 'int']) as ZlibDecoder['inflate'];
    this.end = zlib.func('inflateEnd', 'int', ['uint8_t *']) as ZlibDecoder['end'];
    const gzipOnly = 15 + 16;
    assertOpened('zlib', init(this.stream.bytes, gzipOnly, version(), ZlibDecoder.size));
  }

  decode(input: Buffer): Decoded | undefined {
    const { code, ...rest } = this.stream.around(input, () => this.inflate(this.stream.bytes, 0));
    return code === 0 || code === STREAM_END ? { ...rest, ended: code === STREAM_END } : undefined;
  }

  close(): void {
    this.end(this.stream.bytes);
  }
}

class LzmaDecoder implements StreamDecoder {
  private readonly stream = new StreamStructure(136);
  private readonly code: (stream: Buffer, action: number) => number;
  private readonly end: (stream: Buffer) => void;

  constructor() {
    const lzma = sharedLibrary('liblzma.so.5', 'liblzma5');
    const init = lzma.func('lzma_auto_decoder', 'int', ['uint8_t *', 'uint64', 'uint32']) as (
      stream: Buffer,
      memory: number,
      flags: number,
    ) => number;
    this.code = lzma.func('lzma_code', 'int', ['uint8_t *', 'int']) as LzmaDecoder['code'];
    this.end = lzma.func('lzma_end', 'void', ['uint8_t *']) as LzmaDecoder['end'];
    assertOpened('liblzma', init(this.stream.bytes, MEMORY_LIMIT, 0));
  }

  decode(input: Buffer): Decoded | undefined {
    const { code, ...rest } = this.stream.around(input, () => this.code(this.stream.bytes, 0));
    return code === 0 || code === STREAM_END ? { ...rest, ended: code === STREAM_END } : undefined;
  }

  close(): void {
    this.end(this.stream.bytes);
  }
}

/** Input and output of zstd: pointer | size | place. */
class ZstdDecoder implements StreamDecoder {
  private readonly input = Buffer.from(new ArrayBuffer(24));
  private readonly output = Buffer.from(new ArrayBuffer(24));
  private readonly bytes = Buffer.allocUnsafeSlow(OUTPUT_SIZE);
  private readonly context: bigint;
  private readonly run: (context: bigint, output: Buffer, input: Buffer) => number | bigint;
  private readonly isError: (code: number | bigint) => number;
  private readonly free: (context: bigint) => number | bigint;

  constructor() {
    const zstd = sharedLibrary('libzstd.so.1', 'libzstd1');
    const create = zstd.func('ZSTD_createDCtx', 'void *', []) as () => bigint | null;
    this.run = zstd.func('ZSTD_decompressStream', 'size_t', [
      ...['void *', 'uint8_t *', 'uint8_t *'],
    ]) as ZstdDecoder['run'];
    this.isError = zstd.func('ZSTD_isError', 'uint', ['size_t']) as ZstdDecoder['isError'];
    this.free = zstd.func('ZSTD_freeDCtx', 'size_t', ['void *']) as ZstdDecoder['free'];
    const context = create();
    assertOpened('libzstd', context === null ? -1 : 0);
    this.context = context ?? 0n;
  }

  decode(input: Buffer): Decoded | undefined {
    for (const [structure, buffer] of [
      [this.input, input],
      [this.output, this.bytes],
    ] as const) {
      structure.writeBigUInt64LE(koffi.address(buffer), 0);
      structure.writeBigUInt64LE(BigInt(buffer.length), 8);
      structure.writeBigUInt64LE(0n, 16);
    }
    const code = this.run(this.context, this.output, this.input);
    if (this.isError(code) !== 0) return undefined;
    return {
      consumed: Number(this.input.readBigUInt64LE(16)),
      output: this.bytes.subarray(0, Number(this.output.readBigUInt64LE(16))),
      ended: Number(code) === 0,
    };
  }

  close(): void {
    this.free(this.context);
  }
}

function assertOpened(what: string, code: number): void {
  if (code !== 0) throw new Error(`${what} cannot make a decoder: ${String(code)}`);
}
