import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GzipWriter } from '../../../src/archive/bytes/gzip.js';

async function gzip(pieces: readonly Buffer[], threads: number): Promise<Buffer> {
  const written: Buffer[] = [];
  const writer = new GzipWriter(6, threads, (bytes) => written.push(Buffer.from(bytes)));
  for (const piece of pieces) await writer.add(piece);
  await writer.finish();
  return Buffer.concat(written);
}

test('GzipWriter() writes what gunzip reads, the same bytes for any number of threads', async () => {
  const word = fc.constantFrom('abc', 'the same again and again ', '\0'.repeat(50), 'zz');
  const piece = fc
    .tuple(word, fc.integer({ min: 0, max: 60_000 }))
    .map(([text, count]) => Buffer.from(text.repeat(count)));
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 4 }), async (pieces) => {
      const whole = Buffer.concat(pieces);
      const one = await gzip(pieces, 1);
      expect(gunzipSync(one).equals(whole)).toBe(true);
      expect((await gzip([whole], 4)).equals(one)).toBe(true);
    }),
    { numRuns: 15 },
  );
});
