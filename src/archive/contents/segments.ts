/**
 * An initrd as the kernel reads it (Documentation/driver-api/early-userspace/buffer-format.rst): cpio
 * archives one after the other, each of them plain or compressed in its own way, with zeros in between.
 */
import { createReadStream } from 'node:fs';
import { OnibError } from '../../core/errors.js';
import { ByteReader } from '../bytes/byte-reader.js';
import { corrupt } from '../newc/header.js';
import { readNewc, readNewcArchive, skipZeros, type NewcMember } from '../newc/reader.js';
import { openDecoder, type StreamCompression } from '../bytes/stream-decoder.js';

export type SegmentCompression = StreamCompression | 'none';

export interface SegmentMember {
  /** Number of the archive in the file, from 0. */
  readonly segment: number;
  readonly compression: SegmentCompression;
  readonly member: NewcMember;
}

const MAGICS: readonly (readonly [string, SegmentCompression | 'unsupported'])[] = [
  ['303730373031', 'none'],
  ['303730373032', 'none'],
  ['1f8b', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['5d0000', 'lzma'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'unsupported'], // bzip2
  ['894c5a4f', 'unsupported'], // lzo
  ['02214c18', 'unsupported'], // lz4
];
export const MAGIC_SIZE = 6;

/** What a file's first bytes begin: a cpio archive, plain or compressed; undefined for anything else. */
export function compressionOf(head: Buffer): SegmentCompression | 'unsupported' | undefined {
  const hex = head.toString('hex', 0, MAGIC_SIZE);
  return MAGICS.find(([magic]) => hex.startsWith(magic))?.[1];
}

/**
 * The members of all archives in a file, in order; what a later one has under the same name replaces
 * what an earlier one had.
 *
 * @throws {OnibError} `ARCHIVE_CORRUPT`, `ARCHIVE_COMPRESSION`
 */
export async function* readSegments(file: string): AsyncGenerator<SegmentMember> {
  const stream = createReadStream(file, { highWaterMark: 262_144 });
  try {
    const reader = new ByteReader(stream as AsyncIterable<Buffer>, (what) => corrupt(what));
    for (let segment = 0; await skipZeros(reader); segment++) {
      const compression = compressionOf(await reader.peek(MAGIC_SIZE));
      if (compression === undefined) {
        throw corrupt(`byte ${String(reader.position)} begins no archive that is known here`);
      }
      if (compression === 'unsupported') {
        throw new OnibError(
          'ARCHIVE_COMPRESSION',
          `Cannot read the cpio archive: at byte ${String(reader.position)} begins a compression that is not known here`,
          { hint: 'gzip, xz, lzma and zstd are' },
        );
      }
      const members =
        compression === 'none'
          ? readNewcArchive(reader)
          : readNewc(decompressed(reader, compression));
      for await (const member of members) yield { segment, compression, member };
    }
  } finally {
    stream.destroy();
  }
}

/** The bytes of a compressed stream, and of those of its kind that follow it directly. */
async function* decompressed(
  reader: ByteReader,
  compression: StreamCompression,
): AsyncGenerator<Buffer> {
  do {
    const decoder = openDecoder(compression);
    try {
      for (let ended = false; !ended;) {
        const decoded = decoder.decode(await reader.peekSome());
        if (decoded === undefined) {
          throw corrupt(
            `the ${compression} stream is damaged before byte ${String(reader.position)}`,
          );
        }
        await reader.skip(decoded.consumed);
        // A copy: the reader of the archive may keep it longer than the decoder does.
        if (decoded.output.length > 0) yield Buffer.from(decoded.output);
        ({ ended } = decoded);
      }
    } finally {
      decoder.close();
    }
  } while (compressionOf(await reader.peek(MAGIC_SIZE)) === compression);
}
