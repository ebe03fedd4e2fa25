import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../../boot-server/tftp/codec.js';
import { negotiate } from '../../../../boot-server/tftp/negotiate.js';

const text = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCodePoint(code)),
  maxLength: 40,
});
const lowerText = text.map((value) => value.toLowerCase());
const name = text.filter((value) => value !== '');
const uint16 = fc.integer({ min: 0, max: 65535 });
const options = fc
  .array(fc.tuple(lowerText, text), { maxLength: 4 })
  .map((entries) => new Map(entries));
const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    type: fc.constantFrom('read' as const, 'write' as const),
    name,
    mode: lowerText,
    options,
  }),
  fc.record({
    type: fc.constant('data' as const),
    block: uint16,
    bytes: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ type: fc.constant('ack' as const), block: uint16 }),
  fc.record({ type: fc.constant('error' as const), code: uint16, message: text }),
  fc.record({
    type: fc.constant('option-ack' as const),
    options: options.filter((map) => map.size > 0),
  }),
);

function request(words: string): Buffer {
  return Buffer.from(`\0\x01${words}`, 'latin1');
}

describe('decodeTftp', () => {
  test("encodeTftp() and decodeTftp() are each other's inverse", () => {
    fc.assert(
      fc.property(packet, (original) => {
        const bytes = encodeTftp(original);
        // Longer requests are refused on purpose.
        fc.pre(bytes.length <= 512 || original.type === 'data');
        expect(decodeTftp(bytes)).toEqual(original);
      }),
    );
  });

  test('decodeTftp() survives any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.integer({ min: 0, max: 8 }),
        (bytes, opcode) => {
          expect(() => [
            decodeTftp(Buffer.from(bytes)),
            decodeTftp(Buffer.of(0, opcode, ...bytes)),
          ]).not.toThrow();
        },
      ),
    );
  });

  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['1 byte', Buffer.of(0)],
    ['an opcode that does not exist', Buffer.of(0, 9, 0, 0)],
    ['a name without NUL', request('undionly.kpxe')],
    ['a mode without NUL', request('undionly.kpxe\0octet')],
    ['a name without mode', request('undionly.kpxe\0')],
    ['an empty name', request('\0octet\0')],
    ['a name of 10 KB', request(`${'x'.repeat(10_240)}\0octet\0`)],
  ])('decodeTftp() refuses %s', (_, bytes) => {
    expect(decodeTftp(bytes)).toMatchObject({ type: 'malformed' });
  });

  test('decodeTftp() reads options in any case; the first of two equal ones counts', () => {
    const bytes = request('snponly.efi\0OCTET\0BlkSize\x001468\0TSIZE\x000\0blksize\x008\0');
    expect(decodeTftp(bytes)).toEqual({
      type: 'read',
      name: 'snponly.efi',
      mode: 'octet',
      options: new Map([
        ['blksize', '1468'],
        ['tsize', '0'],
      ]),
    });
  });

  test('decodeTftp() leaves an option without a value out', () => {
    expect(decodeTftp(request('a\0octet\0tsize\0'))).toMatchObject({ options: new Map() });
  });
});

describe('negotiate', () => {
  test.each<[string, string, string | undefined]>([
    ['blksize', '8', '8'],
    ['blksize', '512', '512'],
    ['blksize', '1468', '1468'],
    ['blksize', '1469', '1468'],
    ['blksize', '65464', '1468'],
    ['blksize', '7', undefined],
    ['blksize', '65465', undefined],
    ['blksize', '-1', undefined],
    ['blksize', 'abc', undefined],
    ['blksize', '', undefined],
    ['blksize', '1e3', undefined],
    ['windowsize', '1', '1'],
    ['windowsize', '64', '64'],
    ['windowsize', '65535', '64'],
    ['windowsize', '0', undefined],
    ['windowsize', '65536', undefined],
    ['timeout', '1', '1'],
    ['timeout', '255', '255'],
    ['timeout', '0', undefined],
    ['timeout', '256', undefined],
    ['tsize', '0', '4321'],
    ['multicast', '', undefined],
  ])('negotiate() answers %s=%j with %s', (option, value, accepted) => {
    expect(negotiate(new Map([[option, value]]), 4321).accepted.get(option)).toBe(accepted);
  });

  test('negotiate() without options means blocks of 512, one at a time', () => {
    expect(negotiate(new Map(), 1)).toEqual({
      blockSize: 512,
      windowSize: 1,
      timeout: 1,
      optionTimeout: 10,
      accepted: new Map(),
    });
  });
});
