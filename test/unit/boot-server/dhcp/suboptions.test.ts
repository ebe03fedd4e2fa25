import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeSuboptions,
  decodeUint16List,
  decodeUserClass,
  decodeUuid,
  encodeIpxeOptions,
  encodeSuboptions,
} from '../../../../boot-server/dhcp/suboptions.js';
import { ipxeFeatures } from './packets.js';

describe('decodeSuboptions', () => {
  test("encodeSuboptions() and decodeSuboptions() are each other's inverse", () => {
    const value = fc.uint8Array({ maxLength: 255 }).map((bytes) => Buffer.from(bytes));
    const entries = fc.array(fc.tuple(fc.integer({ min: 1, max: 254 }), value), { maxLength: 8 });
    fc.assert(
      fc.property(entries, (list) => {
        const options = new Map(list);
        expect(decodeSuboptions(encodeSuboptions(options))).toEqual(options);
        expect(decodeSuboptions(encodeIpxeOptions(options))).toEqual(options);
      }),
    );
  });

  test('decodeSuboptions() survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => decodeSuboptions(Buffer.from(bytes))).not.toThrow();
      }),
    );
  });

  test('decodeSuboptions() reads the features of iPXE', () => {
    const features = decodeSuboptions(ipxeFeatures);
    expect([...features.keys()].map((code) => code.toString(16))).toEqual(['b1', '13', '18', '21']);
  });
});

describe('decodeUserClass', () => {
  test.each([
    ['raw, as iPXE sends it', Buffer.from('iPXE'), ['iPXE']],
    ['one length-prefixed class (RFC 3004)', Buffer.from('\x04iPXE'), ['iPXE']],
    ['two of them', Buffer.from('\x03abc\x04iPXE'), ['abc', 'iPXE']],
    ['nothing', Buffer.alloc(0), []],
    ['a length of zero', Buffer.of(0), ['\0']],
    ['a length past the end', Buffer.from('\x09iPXE'), ['\x09iPXE']],
  ])('decodeUserClass() reads %s', (_, value, classes) => {
    expect(decodeUserClass(value)).toEqual(classes);
  });
});

describe('decodeUint16List', () => {
  test.each([
    [Buffer.alloc(0), []],
    [Buffer.of(7), []],
    [Buffer.of(0, 7), [7]],
    [Buffer.of(0, 7, 9), [7]],
    [Buffer.of(0, 16, 0, 7), [16, 7]],
  ])('decodeUint16List() of %o is %o', (value, numbers) => {
    expect(decodeUint16List(value)).toEqual(numbers);
  });
});

describe('decodeUuid', () => {
  const hex = '00112233445566778899aabbccddeeff';
  test('decodeUuid() reads type 0 and 16 bytes', () => {
    expect(decodeUuid(Buffer.from(`00${hex}`, 'hex'))).toBe('00112233-4455-6677-8899-aabbccddeeff');
  });

  test.each([
    ['1 byte', '00'],
    ['16 bytes', hex],
    ['18 bytes', `00${hex}00`],
    ['another type', `ff${hex}`],
    ['the all-zero UUID', '00'.repeat(17)],
    ['nothing', ''],
  ])('decodeUuid() refuses %s', (_, value) => {
    expect(decodeUuid(Buffer.from(value, 'hex'))).toBeUndefined();
  });
});
