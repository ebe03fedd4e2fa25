import { describe, expect, test } from 'vitest';
import { clientArchitectures } from '../../../../boot-server/dhcp/client-architecture.js';
import type { BootSources } from '../../../../boot-server/dhcp/boot-options.js';
import { decodeDhcp, encodeDhcp, type DhcpMessage } from '../../../../boot-server/dhcp/codec.js';
import { decideOffer, type OfferContext } from '../../../../boot-server/dhcp/offer.js';
import type { Answer, DhcpDecision } from '../../../../boot-server/dhcp/reply.js';
import {
  biosOptions,
  ipxeFeatures,
  ipxeOptions,
  nodeMac,
  packet,
  plainOptions,
  uefiHttpOptions,
  uefiOptions,
  uuidOption,
  withOptions,
  type Options,
  type PacketFields,
} from './packets.js';

const server = '10.0.0.5';
const scriptUrl = `http://${server}:8080/boot.ipxe`;
const loaderUrl = (name: string): string => `http://${server}:8080/releases/r1/${name}`;
const sources: BootSources = {
  address: server,
  scriptUrl,
  loaders: new Map(
    ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'].map((name) => [name, loaderUrl(name)]),
  ),
};

function message(fields: PacketFields): DhcpMessage {
  const decoded = decodeDhcp(packet(fields));
  if ('malformed' in decoded) throw new Error(decoded.malformed);
  return decoded;
}

function decide(fields: PacketFields, context: Partial<OfferContext> = {}): DhcpDecision {
  const from = { address: '0.0.0.0', port: 68 };
  return decideOffer(message(fields), { sources, port: 67, from, ...context });
}

function expectAnswer(decision: DhcpDecision): Answer {
  if (decision.kind === 'ignored') throw new Error(`ignored: ${decision.message}`);
  return decision;
}

/** The answer as the client reads it: through bytes. */
function onWire(decision: DhcpDecision): DhcpMessage {
  const bytes = encodeDhcp(expectAnswer(decision).reply);
  const decoded = decodeDhcp(bytes);
  if ('malformed' in decoded) throw new Error(decoded.malformed);
  return decoded;
}

function option(reply: DhcpMessage, code: number): string | undefined {
  return reply.options.get(code)?.toString('latin1');
}

describe('decideOffer, proxy', () => {
  test.each<[string, Options, string, string]>([
    ['a BIOS ROM', biosOptions, 'undionly.kpxe', 'PXEClient'],
    ['UEFI', uefiOptions, 'snponly.efi', 'PXEClient'],
    ['UEFI HTTP Boot', uefiHttpOptions, loaderUrl('snponly.efi'), 'HTTPClient'],
    ['iPXE', ipxeOptions, scriptUrl, 'PXEClient'],
  ])(
    'decideOffer() tells %s what to boot, and gives no address',
    (_, options, bootFile, vendorClass) => {
      const decision = decide({ options });
      const reply = onWire(decision);
      expect(reply).toMatchObject({
        op: 2,
        yourAddress: '0.0.0.0',
        serverAddress: server,
        serverName: server,
        bootFile,
      });
      expect(option(reply, 53)).toBe('\x02');
      expect(option(reply, 54)).toBe('\x0a\0\0\x05');
      expect(option(reply, 60)).toBe(vendorClass);
      expect(option(reply, 66)).toBe(server);
      expect(option(reply, 67)).toBe(bootFile);
      expect(reply.options.get(97)).toEqual(uuidOption);
      for (const code of [1, 3, 6, 51]) expect(reply.options.has(code)).toBe(false);
      expect(expectAnswer(decision).destination).toEqual({ address: '255.255.255.255', port: 68 });
    },
  );

  test('decideOffer() tells PXE firmware to skip discovery (43: 6 = 8)', () => {
    expect(onWire(decide({ options: uefiOptions })).options.get(43)).toEqual(
      Buffer.of(6, 1, 8, 255),
    );
    expect(onWire(decide({ options: uefiHttpOptions })).options.has(43)).toBe(false);
  });

  test('decideOffer() spares iPXE the wait for a proxy (175: 0xb0 = 1)', () => {
    expect(onWire(decide({ options: ipxeOptions })).options.get(175)).toEqual(
      Buffer.of(0xb0, 1, 1),
    );
  });

  test.each<[string, Options]>([
    ['option 77 raw', withOptions(biosOptions, 1, [77, 'iPXE'])],
    ['option 77 length-prefixed', withOptions(biosOptions, 1, [77, '\x04iPXE'])],
    ['option 175 alone', withOptions(biosOptions, 1, [175, ipxeFeatures])],
    [
      'option 175 beside a foreign user class',
      withOptions(biosOptions, 1, [77, 'rack'], [175, ipxeFeatures]),
    ],
  ])('decideOffer() knows iPXE by %s', (_, options) => {
    expect(onWire(decide({ options })).bootFile).toBe(scriptUrl);
  });

  test('decideOffer() gives an iPXE without HTTP a loader', () => {
    const options = withOptions(
      biosOptions,
      1,
      [77, 'iPXE'],
      [175, Buffer.from('210101180101', 'hex')],
    );
    expect(onWire(decide({ options })).bootFile).toBe('undionly.kpxe');
  });

  test.each(clientArchitectures.map((row) => [row.name, row] as const))(
    'decideOffer() serves %s what its table says',
    (_, { code, transport, loaders }) => {
      const kind = transport === 'http' ? 'HTTPClient' : 'PXEClient';
      const options: Options = [
        [53, Buffer.of(1)],
        [60, `${kind}:Arch:0`],
        [93, Buffer.of(code >> 8, code & 255)],
      ];
      const all = new Map(
        clientArchitectures.flatMap((row) => row.loaders).map((name) => [name, loaderUrl(name)]),
      );
      const decision = decide({ options }, { sources: { ...sources, loaders: all } });
      const [best] = loaders;
      if (best === undefined) {
        expect(decision).toMatchObject({ kind: 'ignored', reason: 'no-loader' });
        return;
      }
      expect(onWire(decision).bootFile).toBe(transport === 'http' ? loaderUrl(best) : best);
      // The second-best stands in when the best is absent.
      const [, second] = loaders;
      if (second === undefined) return;
      all.delete(best);
      const other = decide({ options }, { sources: { ...sources, loaders: all } });
      expect(expectAnswer(other).bootFile).toContain(second);
    },
  );

  test.each<[string, Options, string]>([
    [
      'the first known of a list',
      [
        [60, 'PXEClient'],
        [93, Buffer.of(0, 99, 0, 7)],
      ],
      'snponly.efi',
    ],
    [
      'the vendor class when 93 is missing',
      [[60, 'PXEClient:Arch:00007:UNDI:003000']],
      'snponly.efi',
    ],
    [
      'the vendor class when 93 is empty',
      [
        [60, 'PXEClient:Arch:00007'],
        [93, Buffer.alloc(0)],
      ],
      'snponly.efi',
    ],
    [
      'the vendor class when 93 has one byte',
      [
        [60, 'PXEClient:Arch:00007'],
        [93, Buffer.of(7)],
      ],
      'snponly.efi',
    ],
    [
      'the whole numbers of an odd 93',
      [
        [60, 'PXEClient'],
        [93, Buffer.of(0, 7, 1)],
      ],
      'snponly.efi',
    ],
    ['BIOS when nothing names one', [[60, 'PXEClient']], 'undionly.kpxe'],
  ])('decideOffer() takes %s for the architecture', (_, options, bootFile) => {
    expect(onWire(decide({ options: withOptions(options, 1) })).bootFile).toBe(bootFile);
  });

  test.each<[string, PacketFields, string]>([
    ['a reply', { op: 2, options: biosOptions }, 'not-a-request'],
    ['no hardware address', { hardwareLength: 0, options: biosOptions }, 'no-ethernet-address'],
    [
      'a group address',
      { hardwareAddress: Buffer.from('ffffffffffff', 'hex'), options: biosOptions },
      'no-ethernet-address',
    ],
    [
      'an all-zero address',
      { hardwareAddress: Buffer.alloc(6), options: biosOptions },
      'no-ethernet-address',
    ],
    ['BOOTP', { options: [[60, 'PXEClient']] }, 'wrong-message'],
    ['an empty message type', { options: [[53, '']] }, 'wrong-message'],
    ['a client that does not netboot', { options: plainOptions }, 'not-netboot'],
    [
      'a REQUEST, which is for the other server',
      { options: withOptions(uefiOptions, 3) },
      'for-another-server',
    ],
    ['a RELEASE', { options: withOptions(uefiOptions, 7) }, 'wrong-message'],
    [
      'an architecture nobody knows',
      { options: withOptions(uefiOptions, 1, [93, Buffer.of(0, 99)]) },
      'unknown-architecture',
    ],
    [
      'an architecture without a loader',
      { options: withOptions(uefiOptions, 1, [93, Buffer.of(0, 11)]) },
      'no-loader',
    ],
    [
      'a Raspberry Pi, which calls itself BIOS',
      { hardwareAddress: Buffer.from('b827eb000001', 'hex'), options: biosOptions },
      'no-loader',
    ],
  ])('decideOffer() ignores %s', (_, fields, reason) => {
    expect(decide(fields)).toMatchObject({ kind: 'ignored', reason });
  });

  test('decideOffer() names the server that a REQUEST is for', () => {
    const options = withOptions(uefiOptions, 3, [54, Buffer.of(10, 0, 0, 1)]);
    expect(decide({ options })).toMatchObject({ message: 'a REQUEST for 10.0.0.1', mac: nodeMac });
  });

  test('decideOffer() answers through a relay, with its option', () => {
    const options = withOptions(uefiOptions, 1, [82, Buffer.of(1, 2, 0, 3)]);
    const decision = decide({ giaddr: '10.9.0.1', options });
    const reply = onWire(decision);
    expect(expectAnswer(decision).destination).toEqual({ address: '10.9.0.1', port: 67 });
    expect(reply.relayAddress).toBe('10.9.0.1');
    expect([...reply.options.keys()].at(-1)).toBe(82);
  });

  test.each(['\0', '\n', '${initrd}', 'x'.repeat(255)])(
    'decideOffer() takes %j in 60, 77 and 12 for mere text',
    (text) => {
      const options = withOptions(
        biosOptions,
        1,
        [60, `PXEClient${text}`.slice(0, 255)],
        [77, text],
        [12, text],
      );
      expect(onWire(decide({ options })).bootFile).toBe('undionly.kpxe');
    },
  );
});

describe('decideOffer, port 4011', () => {
  const from = { address: '10.0.0.77', port: 4011 };

  test('decideOffer() answers a REQUEST with an ACK to where it came from', () => {
    const decision = decide(
      { ciaddr: '10.0.0.77', options: withOptions(uefiOptions, 3) },
      { port: 4011, from },
    );
    const reply = onWire(decision);
    expect(option(reply, 53)).toBe('\x05');
    expect(reply).toMatchObject({
      bootFile: 'snponly.efi',
      yourAddress: '0.0.0.0',
      clientAddress: '10.0.0.77',
    });
    expect(expectAnswer(decision).destination).toEqual(from);
  });

  test.each<[string, Options, string]>([
    ['a DISCOVER', uefiOptions, 'wrong-message'],
    [
      'a REQUEST for another server',
      withOptions(uefiOptions, 3, [54, Buffer.of(10, 0, 0, 1)]),
      'for-another-server',
    ],
    ['a client that does not netboot', withOptions(plainOptions, 3), 'not-netboot'],
  ])('decideOffer() ignores %s', (_, options, reason) => {
    expect(decide({ options }, { port: 4011, from })).toMatchObject({ kind: 'ignored', reason });
  });
});
