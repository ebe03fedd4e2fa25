/**
 * Client architectures of DHCP option 93 and what each boots from: one table for the code, the
 * documentation and the tests. Numbers are IANA's "Processor Architecture Types" (RFC 5970).
 */

export interface ClientArchitecture {
  readonly code: number;
  readonly name: string;
  readonly firmware: 'bios' | 'uefi' | 'raspberry-pi';
  /** How the firmware fetches its loader: TFTP by name, or HTTP by URL (UEFI HTTP Boot). */
  readonly transport: 'tftp' | 'http';
  /** Debian architecture of nodes that report it. */
  readonly architecture: string;
  /** Names of loaders that it can run, best first; empty: there is none. */
  readonly loaders: readonly string[];
}

const x86Efi = ['snponly.efi', 'ipxe.efi'];
const ia32Efi = ['snponly-ia32.efi', 'ipxe-ia32.efi'];
const arm32Efi = ['snponly-arm32.efi', 'ipxe-arm32.efi'];
const arm64Efi = ['snponly-arm64.efi', 'ipxe-arm64.efi'];

type Row = readonly [
  number,
  string,
  ClientArchitecture['firmware'],
  ClientArchitecture['transport'],
  string,
  readonly string[],
];

// prettier-ignore
const rows: readonly Row[] = [
  [0,  'x86 BIOS',             'bios',         'tftp', 'amd64', ['undionly.kpxe']],
  [6,  'IA32 UEFI',            'uefi',         'tftp', 'i386',  ia32Efi],
  [7,  'x86-64 UEFI',          'uefi',         'tftp', 'amd64', x86Efi],
  // RFC 4578 gave 9 to x86-64 and 7 to EFI byte code; firmware went the other way round. Both are met.
  [9,  'x86-64 UEFI (EBC)',    'uefi',         'tftp', 'amd64', x86Efi],
  [10, 'ARM32 UEFI',           'uefi',         'tftp', 'armhf', arm32Efi],
  [11, 'ARM64 UEFI',           'uefi',         'tftp', 'arm64', arm64Efi],
  [15, 'IA32 UEFI HTTP',       'uefi',         'http', 'i386',  ia32Efi],
  [16, 'x86-64 UEFI HTTP',     'uefi',         'http', 'amd64', x86Efi],
  [18, 'ARM32 UEFI HTTP',      'uefi',         'http', 'armhf', arm32Efi],
  [19, 'ARM64 UEFI HTTP',      'uefi',         'http', 'arm64', arm64Efi],
  [20, 'x86 BIOS HTTP',        'bios',         'http', 'amd64', ['undionly.kpxe']],
  [41, 'Raspberry Pi',         'raspberry-pi', 'tftp', 'arm64', []],
];

export const clientArchitectures: readonly ClientArchitecture[] = rows.map(
  ([code, name, firmware, transport, architecture, loaders]) => ({
    code,
    name,
    firmware,
    transport,
    architecture,
    loaders,
  }),
);

const byCode = new Map(clientArchitectures.map((entry) => [entry.code, entry]));

/** Raspberry Pi boot ROMs call themselves architecture 0; only their MAC prefix tells. */
const raspberryPiPrefixes = [
  '28:cd:c1',
  '2c:cf:67',
  'b8:27:eb',
  'd8:3a:dd',
  'dc:a6:32',
  'e4:5f:01',
];

export interface ArchitectureClues {
  /** Option 93, in the order sent. */
  readonly codes: readonly number[];
  /** Option 60. */
  readonly vendorClass: string;
  readonly mac: string;
}

/**
 * The first architecture of the client's list that is known. A client that sends no list is known
 * by its vendor class (`PXEClient:Arch:00007:…`), and is a BIOS when that says nothing either:
 * the ROMs that leave option 93 out are older than UEFI.
 */
export function findClientArchitecture(clues: ArchitectureClues): ClientArchitecture | undefined {
  const code =
    clues.codes.length > 0
      ? clues.codes.find((candidate) => byCode.has(candidate))
      : Number(/:Arch:(\d{5})/.exec(clues.vendorClass)?.[1] ?? 0);
  if (code === undefined) return undefined;
  if (code === 0 && raspberryPiPrefixes.includes(clues.mac.slice(0, 8))) return byCode.get(41);
  return byCode.get(code);
}
