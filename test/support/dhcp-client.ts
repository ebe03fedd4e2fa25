/** udhcpc, the DHCP client of initrds and small systems, playing firmware by the options that it sends. */
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunningCommand } from '../../src/host/command.js';
import { signalInside, type BootNetwork } from './boot-network.js';
import { until } from './wait.js';

/** What udhcpc tells its script: `ip`, `subnet`, `router`, `dns`, `siaddr`, `boot_file`, … */
export type Lease = Readonly<Record<string, string>>;

const SCRIPT = `#!/bin/sh
[ "$1" = deconfig ] && exec ip address flush dev "$interface"
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address flush dev "$interface"
ip address add "$ip/$mask" dev "$interface"
echo "event=$1"
env
echo end
`;

/** Writes the script that configures the NIC and prints the lease. @returns its path */
export async function writeLeaseScript(directory: string): Promise<string> {
  const file = path.join(directory, 'udhcpc.sh');
  await writeFile(file, SCRIPT);
  await chmod(file, 0o755);
  return file;
}

/** `key=value` lines, as the script printed them. */
function parseLease(output: string): Lease {
  return Object.fromEntries(
    output
      .split('\n')
      .map((line) => /^(\w+)=(.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, key = '', value = '']) => [key, value]),
  );
}

/** Once: lease or nothing. @param words more options of udhcpc */
export async function askForLease(
  network: BootNetwork,
  machine: string,
  script: string,
  ...words: readonly string[]
): Promise<Lease | undefined> {
  const { exitCode, stdout } = await network.run(
    machine,
    udhcpc(script, '-n', '-q', '-t', '4', '-T', '2', ...words),
    { check: false },
  );
  return exitCode === 0 ? parseLease(stdout) : undefined;
}

function udhcpc(script: string, ...words: readonly string[]): string[] {
  return [
    // Its script inherits the environment, which is printed: there shall be nothing else in it.
    ...[
      'env',
      '-i',
      `PATH=${process.env.PATH ?? ''}`,
      'busybox',
      'udhcpc',
      '-f',
      '-i',
      'eth0',
      '-s',
      script,
    ],
    // Boot server name and file as options too, besides the header's fields.
    ...['-O', 'tftp', '-O', 'bootfile', '-O', '43', '-O', '60'],
    ...words,
  ];
}

/** udhcpc as it runs on a machine for as long as that is up. */
export class DhcpClient implements AsyncDisposable {
  readonly #lines: string[] = [];
  readonly #process: RunningCommand;

  constructor(network: BootNetwork, machine: string, script: string) {
    this.#process = network.start(machine, udhcpc(script), {
      check: false,
      onLine: (line) => this.#lines.push(line),
    });
  }

  /** Waits until its script was told of `bound` or `renew`. */
  async leaseAfter(event: 'bound' | 'renew'): Promise<Lease> {
    return await until(`${event} from udhcpc`, () => {
      const from = this.#lines.indexOf(`event=${event}`);
      const end = this.#lines.indexOf('end', from);
      if (from === -1 || end === -1) return undefined;
      return parseLease(this.#lines.slice(from, end).join('\n'));
    });
  }

  async renew(): Promise<void> {
    await signalInside(this.#process, 'SIGUSR1');
  }

  /** Gives the address back. */
  async release(): Promise<void> {
    await signalInside(this.#process, 'SIGUSR2');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}

const CODES = { architecture: '0x5d', undi: '0x5e', uuid: '0x61', userClass: '0x4d', ipxe: '0xaf' };

/** What firmware of an architecture adds to its requests. */
export function firmware(vendorClass: string, architecture: number): string[] {
  const number = architecture.toString(16).padStart(4, '0');
  return [
    ...['-V', vendorClass],
    ...['-x', `${CODES.architecture}:${number}`],
    ...['-x', `${CODES.undi}:010201`],
    ...['-x', `${CODES.uuid}:0000112233445566778899aabbccddeeff`],
  ];
}

export const CLIENTS = {
  bios: firmware('PXEClient:Arch:00000:UNDI:002001', 0),
  uefi: firmware('PXEClient:Arch:00007:UNDI:003000', 7),
  uefiHttp: firmware('HTTPClient:Arch:00016:UNDI:003000', 16),
  /** With its user class and its own list of features, HTTP among them. */
  ipxe: [
    ...firmware('PXEClient:Arch:00000:UNDI:002001', 0),
    ...['-x', `${CODES.userClass}:69505845`],
    ...['-x', `${CODES.ipxe}:b105018086100e130101180101210101`],
  ],
} as const;
