/** zlib's inflate: unlike Node's own, it says where a stream ends. */
import { callsOf } from './calls.js';
import { sharedLibrary } from './shared-library.js';
import { StreamStructure, type Decoded, type StreamDecoder } from './stream-structure.js';

/** sizeof(z_stream). */
const SIZE = 112;
const GZIP_ONLY = 15 + 16;

const call = callsOf(() => sharedLibrary('libz.so.1', 'zlib1g'));
const zlibVersion = call('const char *zlibVersion()') as () => string;
const inflateInit = call(
  'int inflateInit2_(uint8_t *stream, int windowBits, const char *version, int size)',
) as (stream: Buffer, windowBits: number, version: string, size: number) => number;
const inflate = call('int inflate(uint8_t *stream, int flush)') as (
  stream: Buffer,
  flush: number,
) => number;
const inflateEnd = call('int inflateEnd(uint8_t *stream)') as (stream: Buffer) => number;

export class GzipDecoder implements StreamDecoder {
  private readonly stream: StreamStructure;

  /** @throws {OnibError} `LIBRARY_MISSING` */
  constructor(outputSize: number) {
    this.stream = new StreamStructure(SIZE, outputSize);
    const code = inflateInit(this.stream.bytes, GZIP_ONLY, zlibVersion(), SIZE);
    if (code !== 0) throw new Error(`zlib cannot make a decoder: ${String(code)}`);
  }

  decode(input: Buffer): Decoded | undefined {
    return this.stream.around(input, () => inflate(this.stream.bytes, 0));
  }

  close(): void {
    inflateEnd(this.stream.bytes);
  }
}
