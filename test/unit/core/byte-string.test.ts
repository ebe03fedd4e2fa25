import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  byteString,
  bytesOf,
  compareBytes,
  displayName,
  octalEscape,
  undoOctalEscapes,
} from '../../../src/core/byte-string.js';

test('bytesOf() gives back any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const buffer = Buffer.from(bytes);
      expect(bytesOf(buffer.toString('latin1'))).toEqual(buffer);
    }),
  );
});

test('compareBytes() orders as memcmp does', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const [first, second] = [Buffer.from(a), Buffer.from(b)];
      expect(compareBytes(first.toString('latin1'), second.toString('latin1'))).toBe(
        Buffer.compare(first, second),
      );
    }),
  );
});

test('displayName() shows UTF-8 as it is and other bytes escaped', () => {
  expect(displayName(byteString('grüße/日本'))).toBe('grüße/日本');
  expect(displayName('bad\xff\xfe')).toBe('bad\\377\\376');
  expect(displayName('new\nline')).toBe('new\\012line');
});

test('undoOctalEscapes() undoes octalEscape()', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (code) => {
      const byte = String.fromCharCode(code);
      expect(undoOctalEscapes(`a${octalEscape(byte)}b`)).toBe(`a${byte}b`);
    }),
  );
});
