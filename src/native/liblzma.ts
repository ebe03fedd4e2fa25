/** liblzma's decoder, for xz and for the older lzma. */
import { callsOf } from './calls.js';
import { sharedLibrary } from './shared-library.js';
import { StreamStructure, type Decoded, type StreamDecoder } from './stream-structure.js';

/** sizeof(lzma_stream). */
const SIZE = 136;

const call = callsOf(() => sharedLibrary('liblzma.so.5', 'liblzma5'));
const autoDecoder = call(
  'int lzma_auto_decoder(uint8_t *stream, uint64_t memory, uint32_t flags)',
) as (stream: Buffer, memory: number, flags: number) => number;
const code = call('int lzma_code(uint8_t *stream, int action)') as (
  stream: Buffer,
  action: number,
) => number;
const end = call('void lzma_end(uint8_t *stream)') as (stream: Buffer) => undefined;

export class LzmaDecoder implements StreamDecoder {
  private readonly stream: StreamStructure;

  /**
   * @param memory Bytes that the decoder may take; a stream that asks for more counts as damaged.
   * @throws {OnibError} `LIBRARY_MISSING`
   */
  constructor(outputSize: number, memory: number) {
    this.stream = new StreamStructure(SIZE, outputSize);
    const status = autoDecoder(this.stream.bytes, memory, 0);
    if (status !== 0) throw new Error(`liblzma cannot make a decoder: ${String(status)}`);
  }

  decode(input: Buffer): Decoded | undefined {
    return this.stream.around(input, () => code(this.stream.bytes, 0));
  }

  close(): void {
    end(this.stream.bytes);
  }
}
