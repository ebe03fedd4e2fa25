/**
 * Decompresses one gzip, xz, lzma or zstd stream and says where it ends, which Node's zlib does not: in an
 * initrd another archive may follow. Through the libraries that libsquashfs brings along.
 */
import { LzmaDecoder } from '../../native/liblzma.js';
import { ZstdDecoder } from '../../native/libzstd.js';
import type { StreamDecoder } from '../../native/stream-structure.js';
import { GzipDecoder } from '../../native/zlib.js';

export type StreamCompression = 'gzip' | 'xz' | 'lzma' | 'zstd';

const OUTPUT_SIZE = 262_144;
/** xz -9 needs 65 MiB; more than twice that is not taken from an image that asks for it. */
const LZMA_MEMORY = 160 * 1_048_576;

/** Whoever opens a decoder closes it. */
export function openDecoder(compression: StreamCompression): StreamDecoder {
  switch (compression) {
    case 'gzip':
      return new GzipDecoder(OUTPUT_SIZE);
    case 'xz':
    case 'lzma':
      return new LzmaDecoder(OUTPUT_SIZE, LZMA_MEMORY);
    case 'zstd':
      return new ZstdDecoder(OUTPUT_SIZE);
  }
}
