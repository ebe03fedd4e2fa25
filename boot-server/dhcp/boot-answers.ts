/**
 * What an answer that says what to boot holds beside the name of the file: one row for each thing that some clients
 * need. The table drives the answers, docs/boot-server.md and the tests. A client that needs something else is one row
 * more.
 */
import type { DhcpClient } from './client.js';
import { latin1 } from './codec.js';
import { IPXE, OPTION, PXE, USE_BOOT_FILE } from './constants.js';
import { encodeIpxeOptions, encodeSuboptions } from './suboptions.js';

export type Netboot = NonNullable<DhcpClient['netboot']>;

/** What the values of a row are made of. */
export interface AnswerFacts {
  /** The server's own IPv4 address on the NIC. */
  readonly address: string;
  /** File name for TFTP, or URL. */
  readonly bootFile: string;
}

export interface AnswerRow {
  /** Number of the option. */
  readonly option: number;
  /** Clients that get it. */
  readonly clients: readonly Netboot[];
  readonly value: (facts: AnswerFacts) => Buffer;
  /** For docs/boot-server.md: the value. */
  readonly says: string;
  /** For docs/boot-server.md: what goes wrong without it. */
  readonly why: string;
}

const firmware: readonly Netboot[] = ['pxe', 'http'];
const everybody: readonly Netboot[] = [...firmware, 'ipxe'];

export const answerRows: readonly AnswerRow[] = [
  {
    option: OPTION.vendorClass,
    clients: ['pxe', 'ipxe'],
    value: () => latin1('PXEClient'),
    says: '`PXEClient`',
    why: 'without it UEFI takes the offer for one without netboot',
  },
  {
    option: OPTION.vendorClass,
    clients: ['http'],
    value: () => latin1('HTTPClient'),
    says: '`HTTPClient`',
    why: 'the same',
  },
  {
    option: OPTION.serverName,
    clients: everybody,
    value: ({ address }) => latin1(address),
    says: "the server's address",
    why: 'the header of the packet has it too, but some clients read only the options, and others only the header',
  },
  {
    option: OPTION.bootFile,
    clients: everybody,
    value: ({ bootFile }) => latin1(bootFile),
    says: 'name or URL',
    why: 'the same; besides, the header holds 127 bytes only',
  },
  {
    option: OPTION.vendorSpecific,
    clients: ['pxe', 'ipxe'],
    value: () => encodeSuboptions(new Map([[PXE.discoveryControl, Buffer.of(USE_BOOT_FILE)]])),
    says: 'suboption 6 = 8',
    why: 'without it PXE firmware looks for other boot servers before it takes the file',
  },
  {
    option: OPTION.ipxe,
    clients: ['ipxe'],
    value: () => encodeIpxeOptions(new Map([[IPXE.noProxyDhcp, Buffer.of(1)]])),
    says: 'suboption 176 = 1',
    why: "without it iPXE waits up to two seconds for a proxy's offer",
  },
];

/** Options for one kind of client, in the order of the table. */
export function answerOptions(netboot: Netboot, facts: AnswerFacts): ReadonlyMap<number, Buffer> {
  const rows = answerRows.filter(({ clients }) => clients.includes(netboot));
  return new Map(rows.map(({ option, value }) => [option, value(facts)]));
}

/** The table as docs/boot-server.md shows it. */
export function answerTable(): string {
  const names: Readonly<Record<Netboot, string>> = {
    pxe: 'PXE firmware',
    http: 'UEFI HTTP Boot',
    ipxe: 'iPXE',
  };
  const who = (clients: readonly Netboot[]): string =>
    clients.length === everybody.length ? 'all' : clients.map((client) => names[client]).join(', ');
  return [
    '| option | to | value | why |',
    '| --- | --- | --- | --- |',
    ...answerRows.map(
      ({ option, clients, says, why }) =>
        `| ${String(option)} | ${who(clients)} | ${says} | ${why} |`,
    ),
  ].join('\n');
}
