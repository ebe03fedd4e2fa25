import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDhcp, encodeDhcp, type DhcpMessage } from '../../../../boot-server/dhcp/codec.js';
import { OPTION } from '../../../../boot-server/dhcp/constants.js';
import { packet } from './packets.js';

const address = fc.ipV4();
const fieldText = (longest: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCodePoint(code)),
    maxLength: longest,
  });
const optionCode = fc.integer({ min: 1, max: 254 }).filter((code) => code !== OPTION.overload);
const message: fc.Arbitrary<DhcpMessage> = fc.record({
  op: fc.integer({ min: 0, max: 255 }),
  hardwareType: fc.integer({ min: 0, max: 255 }),
  hops: fc.integer({ min: 0, max: 255 }),
  transaction: fc.integer({ min: 0, max: 0xffffffff }),
  seconds: fc.integer({ min: 0, max: 0xffff }),
  flags: fc.integer({ min: 0, max: 0xffff }),
  clientAddress: address,
  yourAddress: address,
  serverAddress: address,
  relayAddress: address,
  hardwareAddress: fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  serverName: fieldText(63),
  bootFile: fieldText(127),
  options: fc
    .array(
      fc.tuple(
        optionCode,
        fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 12 },
    )
    .map((entries) => new Map(entries)),
});

function decoded(bytes: Buffer): DhcpMessage {
  const result = decodeDhcp(bytes);
  if ('malformed' in result) throw new Error(result.malformed);
  return result;
}

function withOptions(options: Buffer): Buffer {
  return Buffer.concat([packet({}).subarray(0, 240), options]);
}

describe('encodeDhcp', () => {
  test("encodeDhcp() and decodeDhcp() are each other's inverse", () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(decoded(encodeDhcp(original))).toEqual(original);
      }),
    );
  });

  test('encodeDhcp() pads to the 300 bytes that relays want', () => {
    const bytes = encodeDhcp(decoded(packet({})));
    expect(bytes).toHaveLength(300);
  });

  test('encodeDhcp() leaves names out of fields that are too short for them', () => {
    const long = 'x'.repeat(128);
    const bytes = encodeDhcp({
      ...decoded(packet({})),
      bootFile: long,
      serverName: 'y'.repeat(64),
    });
    expect(decoded(bytes)).toMatchObject({ bootFile: '', serverName: '' });
  });
});

describe('decodeDhcp', () => {
  test('decodeDhcp() survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const whole = Buffer.concat([packet({}).subarray(0, 240), bytes]);
        expect(() => [decodeDhcp(Buffer.from(bytes)), decodeDhcp(whole)]).not.toThrow();
      }),
    );
  });

  test.each([0, 1, 239])('decodeDhcp() refuses %i bytes', (length) => {
    expect(decodeDhcp(packet({}).subarray(0, length))).toEqual({
      malformed: `${String(length)} bytes are too few`,
    });
  });

  test.each([
    ['a bad cookie', 236, 'no DHCP cookie'],
    ['a hardware address of 255 bytes', 2, 'hardware address of 255 bytes'],
  ])('decodeDhcp() refuses %s', (_, offset, malformed) => {
    const bytes = packet({});
    bytes.writeUInt8(255, offset);
    expect(decodeDhcp(bytes)).toEqual({ malformed });
  });

  test('decodeDhcp() refuses a hardware address of 17 bytes and takes 0 and 16', () => {
    const bytes = packet({});
    bytes.writeUInt8(17, 2);
    expect(decodeDhcp(bytes)).toHaveProperty('malformed');
    for (const length of [0, 16]) {
      bytes.writeUInt8(length, 2);
      expect(decoded(bytes).hardwareAddress).toHaveLength(length);
    }
  });

  test.each([
    ['an option code as the last byte', [53], 'option 53 has no length'],
    ['a length past the end', [53, 2, 1], 'option 53 runs past the end'],
    [
      'a length past the end of an overloaded file field',
      [52, 1, 1, 255],
      'option 170 runs past the end',
    ],
  ])('decodeDhcp() refuses %s', (_, options, malformed) => {
    const bytes = withOptions(Buffer.from(options));
    bytes.fill(0xaa, 108, 236);
    expect(decodeDhcp(bytes)).toEqual({ malformed });
  });

  test('decodeDhcp() takes a packet that ends with its header, or without an end mark', () => {
    expect(decoded(withOptions(Buffer.alloc(0))).options.size).toBe(0);
    expect(decoded(withOptions(Buffer.of(0, 0, 53, 1, 1))).options).toEqual(
      new Map([[53, Buffer.of(1)]]),
    );
  });

  test('decodeDhcp() reads options on in file and sname, and joins what is cut (RFC 3396)', () => {
    const bytes = withOptions(Buffer.of(52, 1, 3, 67, 1, 0x61, 255));
    Buffer.of(67, 1, 0x62, 255).copy(bytes, 108);
    Buffer.of(67, 1, 0x63, 12, 1, 0x7a, 255).copy(bytes, 44);
    const { options, bootFile, serverName } = decoded(bytes);
    expect(options).toEqual(
      new Map([
        [67, Buffer.from('abc')],
        [12, Buffer.from('z')],
      ]),
    );
    expect([bootFile, serverName]).toEqual(['', '']);
  });

  test('decodeDhcp() does not follow an overload inside an overloaded field', () => {
    const bytes = withOptions(Buffer.of(52, 1, 1, 255));
    Buffer.of(52, 1, 3, 255).copy(bytes, 108);
    bytes.write('boot.example', 44);
    expect(decoded(bytes)).toMatchObject({ serverName: 'boot.example', bootFile: '' });
  });

  test('decodeDhcp() joins an option that is sent twice', () => {
    const twice = Buffer.concat([
      Buffer.of(60, 3),
      Buffer.from('PXE'),
      Buffer.of(60, 6),
      Buffer.from('Client'),
    ]);
    expect(decoded(withOptions(twice)).options.get(60)?.toString()).toBe('PXEClient');
  });
});
