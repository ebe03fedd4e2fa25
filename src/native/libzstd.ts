/**
 * zstd with all cores, and with the same bytes whatever their number: libzstd cuts the input into jobs of
 * a fixed size, each with a part of the one before it as dictionary, and joins them to one frame. One
 * frame, because the kernel takes what follows a frame for another archive. Node has no zstd before 22.
 */
import koffi from 'koffi';
import { sharedLibrary } from './shared-library.js';

/** ZSTD_cParameter of zstd.h. */
const PARAMETER = { level: 100, checksum: 201, workers: 400, jobSize: 401 } as const;
const CONTINUE = 0;
const END = 2;
const JOB = 4 * 1_048_576;
const OUTPUT_SIZE = 262_144;
/** ZSTD_inBuffer and ZSTD_outBuffer: pointer | size | place. */
const BUFFER_STRUCTURE = 24;

interface Library {
  readonly create: () => bigint | null;
  readonly set: (context: bigint, parameter: number, value: number) => number | bigint;
  readonly compress: (
    context: bigint,
    output: Buffer,
    input: Buffer,
    end: number,
  ) => number | bigint;
  readonly isError: (code: number | bigint) => number;
  readonly errorName: (code: number | bigint) => string;
  readonly free: (context: bigint) => number | bigint;
}

let loaded: Library | undefined;

function library(): Library {
  if (loaded === undefined) {
    const zstd = sharedLibrary('libzstd.so.1', 'libzstd1');
    const call = zstd.func('ZSTD_compressStream2', 'size_t', [
      ...['void *', 'uint8_t *', 'uint8_t *', 'int'],
    ]) as Library['compress'];
    const set = zstd.func('ZSTD_CCtx_setParameter', 'size_t', ['void *', 'int', 'int']);
    loaded = {
      create: zstd.func('ZSTD_createCCtx', 'void *', []) as Library['create'],
      set: set as Library['set'],
      compress: call,
      isError: zstd.func('ZSTD_isError', 'uint', ['size_t']) as Library['isError'],
      errorName: zstd.func('ZSTD_getErrorName', 'str', ['size_t']) as Library['errorName'],
      free: zstd.func('ZSTD_freeCCtx', 'size_t', ['void *']) as Library['free'],
    };
  }
  return loaded;
}

/** Compresses a stream; blocks its thread when all cores are busy, so use it in a worker thread. */
export class ZstdWriter {
  private readonly context: bigint;
  private readonly output = Buffer.allocUnsafeSlow(OUTPUT_SIZE);
  private readonly inputStructure = Buffer.from(new ArrayBuffer(BUFFER_STRUCTURE));
  private readonly outputStructure = Buffer.from(new ArrayBuffer(BUFFER_STRUCTURE));
  private closed = false;

  /** `write` gets the compressed bytes in order, valid until it returns. */
  constructor(
    level: number,
    threads: number,
    private readonly write: (bytes: Buffer) => void,
  ) {
    const context = library().create();
    if (context === null) throw new Error('libzstd cannot make a compressor');
    this.context = context;
    this.set(PARAMETER.level, level);
    this.set(PARAMETER.checksum, 1);
    // Without workers the bytes would be others than with any number of them.
    this.set(PARAMETER.workers, threads);
    this.set(PARAMETER.jobSize, JOB);
  }

  add(bytes: Buffer): void {
    this.point(this.inputStructure, bytes);
    while (this.inputStructure.readBigUInt64LE(16) < BigInt(bytes.length)) this.step(CONTINUE);
  }

  /** Ends the frame; everything is written then. */
  finish(): void {
    this.point(this.inputStructure, Buffer.alloc(0));
    while (this.step(END) !== 0);
  }

  /** Waits until no thread works any more, and frees the compressor. */
  settle(): void {
    if (!this.closed) library().free(this.context);
    this.closed = true;
  }

  /** Bytes that are still to come; only of interest at the end. */
  private step(end: number): number {
    this.point(this.outputStructure, this.output);
    const { context, outputStructure, inputStructure } = this;
    const left = this.checked(library().compress(context, outputStructure, inputStructure, end));
    const done = Number(outputStructure.readBigUInt64LE(16));
    if (done > 0) this.write(this.output.subarray(0, done));
    return left;
  }

  private point(structure: Buffer, buffer: Buffer): void {
    structure.writeBigUInt64LE(buffer.length === 0 ? 0n : koffi.address(buffer), 0);
    structure.writeBigUInt64LE(BigInt(buffer.length), 8);
    structure.writeBigUInt64LE(0n, 16);
  }

  private set(parameter: number, value: number): void {
    this.checked(library().set(this.context, parameter, value));
  }

  private checked(code: number | bigint): number {
    if (library().isError(code) !== 0) {
      throw new Error(`libzstd cannot compress: ${library().errorName(code)}`);
    }
    return Number(code);
  }
}
