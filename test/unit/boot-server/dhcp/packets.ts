/** DHCP requests as clients send them, made by hand from what the options mean: bytes, not our encoder's. */

export const nodeMac = '52:54:00:12:34:56';
const mac = Buffer.from('525400123456', 'hex');
/** A SMBIOS UUID behind its type byte. */
export const uuidOption = Buffer.from('00112233445566778899aabbccddeeff00', 'hex');

export interface PacketFields {
  readonly op?: number;
  readonly hardwareLength?: number;
  readonly hardwareAddress?: Buffer;
  readonly transaction?: number;
  readonly flags?: number;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  /** Code and value; the end mark is added. */
  readonly options?: readonly (readonly [number, Buffer | string])[];
}

export function packet(fields: PacketFields): Buffer {
  const header = Buffer.alloc(240);
  const hardwareAddress = fields.hardwareAddress ?? mac;
  header[0] = fields.op ?? 1;
  header[1] = 1;
  header[2] = fields.hardwareLength ?? hardwareAddress.length;
  header.writeUInt32BE(fields.transaction ?? 0x12345678, 4);
  header.writeUInt16BE(fields.flags ?? 0, 10);
  Buffer.from((fields.ciaddr ?? '0.0.0.0').split('.').map(Number)).copy(header, 12);
  Buffer.from((fields.giaddr ?? '0.0.0.0').split('.').map(Number)).copy(header, 24);
  hardwareAddress.copy(header, 28, 0, 16);
  header.writeUInt32BE(0x63825363, 236);
  const options = (fields.options ?? []).flatMap(([code, value]) => {
    const bytes = Buffer.from(value as string, 'latin1');
    return [Buffer.of(code, bytes.length), bytes];
  });
  return Buffer.concat([header, ...options, Buffer.of(255)]);
}

export type Options = readonly (readonly [number, Buffer | string])[];

const type = (value: number): readonly [number, Buffer] => [53, Buffer.of(value)];
const parameters = Buffer.of(1, 2, 3, 5, 6, 12, 13, 15, 17, 18, 43, 54, 60, 67, 128, 135);

/** A BIOS PXE ROM's (Intel boot agent, UNDI 2.1). */
export const biosOptions: Options = [
  type(1),
  [55, parameters],
  [57, Buffer.of(4, 0xec)],
  [97, uuidOption],
  [93, Buffer.of(0, 0)],
  [94, Buffer.of(1, 2, 1)],
  [60, 'PXEClient:Arch:00000:UNDI:002001'],
];

/** EDK2's own PXE client on x86-64. */
export const uefiOptions: Options = [
  type(1),
  [57, Buffer.of(5, 0xc0)],
  [55, parameters],
  [97, uuidOption],
  [94, Buffer.of(1, 3, 0)],
  [93, Buffer.of(0, 7)],
  [60, 'PXEClient:Arch:00007:UNDI:003000'],
];

/** EDK2's HTTP Boot on x86-64. */
export const uefiHttpOptions: Options = [
  type(1),
  [57, Buffer.of(5, 0xc0)],
  [97, uuidOption],
  [94, Buffer.of(1, 3, 0)],
  [93, Buffer.of(0, 16)],
  [60, 'HTTPClient:Arch:00016:UNDI:003000'],
];

/** iPXE's features: http, bzImage, pxe and others, as sub-options of 175. */
export const ipxeFeatures = Buffer.from('b105018086100e130101180101210101', 'hex');

/** iPXE as the option ROM of QEMU's NICs. */
export const ipxeOptions: Options = [
  type(1),
  [57, Buffer.of(5, 0xc0)],
  [93, Buffer.of(0, 0)],
  [94, Buffer.of(1, 2, 1)],
  [60, 'PXEClient:Arch:00000:UNDI:002001'],
  [77, 'iPXE'],
  [55, parameters],
  [175, ipxeFeatures],
  [61, Buffer.concat([Buffer.of(1), mac])],
  [97, uuidOption],
];

/** udhcpc, as initrds and small systems use it: no wish to netboot. */
export const plainOptions: Options = [
  type(1),
  [61, Buffer.concat([Buffer.of(1), mac])],
  [57, Buffer.of(2, 0x40)],
  [60, 'udhcp 1.35.0'],
  [12, 'node7'],
];

/** The same options with another message type and some replaced or added. */
export function withOptions(options: Options, messageType: number, ...more: Options): Options {
  const replaced = new Set([53, ...more.map(([code]) => code)]);
  return [type(messageType), ...options.filter(([code]) => !replaced.has(code)), ...more];
}
