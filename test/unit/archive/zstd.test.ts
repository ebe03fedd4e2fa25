import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDecoder } from '../../../src/archive/bytes/stream-decoder.js';
import { ZstdWriter } from '../../../src/archive/bytes/zstd.js';

function zstd(pieces: readonly Buffer[], threads: number, level = 3): Buffer {
  const written: Buffer[] = [];
  const writer = new ZstdWriter(level, threads, (bytes) => written.push(Buffer.from(bytes)));
  try {
    for (const piece of pieces) writer.add(piece);
    writer.finish();
  } finally {
    writer.settle();
  }
  return Buffer.concat(written);
}

function unzstd(bytes: Buffer): Buffer {
  const decoder = openDecoder('zstd');
  const pieces: Buffer[] = [];
  try {
    for (let at = 0, ended = false; !ended;) {
      const decoded = decoder.decode(bytes.subarray(at));
      if (decoded === undefined) throw new Error('damaged');
      pieces.push(Buffer.from(decoded.output));
      at += decoded.consumed;
      ({ ended } = decoded);
      if (ended) expect(at).toBe(bytes.length);
    }
  } finally {
    decoder.close();
  }
  return Buffer.concat(pieces);
}

test('ZstdWriter() writes one frame, the same bytes for any number of threads and any pieces', () => {
  const word = fc.constantFrom('abc', 'the same again and again ', '\0'.repeat(50), 'zz');
  const piece = fc
    .tuple(word, fc.integer({ min: 0, max: 200_000 }))
    .map(([text, count]) => Buffer.from(text.repeat(count)));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      const whole = Buffer.concat(pieces);
      const one = zstd(pieces, 1);
      expect(unzstd(one).equals(whole)).toBe(true);
      expect(zstd([whole], 3).equals(one)).toBe(true);
    }),
    { numRuns: 15 },
  );
});
