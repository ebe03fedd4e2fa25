/** The part of an answer that says what to boot: the same for proxy and full DHCP. Pure. */
import { answerOptions, type Netboot } from './boot-answers.js';
import type { DhcpClient } from './client.js';
import { BOOT_FILE_BYTES } from './codec.js';

/** What this server has for clients to boot from. */
export interface BootSources {
  /** The server's own IPv4 address on the NIC. */
  readonly address: string;
  /** URL of the first iPXE script. */
  readonly scriptUrl: string;
  /** URL of each loader of the current release, by name; TFTP clients get the name. */
  readonly loaders: ReadonlyMap<string, string>;
}

export interface BootOptions {
  /** File name for TFTP, or URL. */
  readonly bootFile: string;
  readonly options: ReadonlyMap<number, Buffer>;
}

/** Why a client that wants to netboot gets nothing, and what would change that. */
export interface NoBoot {
  readonly reason: 'unknown-architecture' | 'no-loader';
  readonly message: string;
}

/** @param netboot how the client does so */
export function chooseBootOptions(
  client: DhcpClient,
  netboot: Netboot,
  sources: BootSources,
): BootOptions | NoBoot {
  const answer = (bootFile: string): BootOptions => ({
    bootFile,
    options: answerOptions(netboot, { address: sources.address, bootFile }),
  });
  if (netboot === 'ipxe') return answer(sources.scriptUrl);
  const { architecture } = client;
  if (architecture === undefined) {
    const codes = client.architectureCodes.join(', ');
    return { reason: 'unknown-architecture', message: `client architecture ${codes} is not known` };
  }
  const loader = architecture.loaders.find((name) => sources.loaders.has(name));
  if (loader === undefined) {
    const wanted = architecture.loaders.join(' or ') || 'loader for it';
    return {
      reason: 'no-loader',
      message: `the release has no ${wanted}, which ${architecture.name} clients boot from`,
    };
  }
  const url = sources.loaders.get(loader) ?? '';
  return answer(architecture.transport === 'http' ? url : loader);
}

/** `file` of the header, where the name fits there. */
export function headerBootFile(bootFile: string): string {
  return bootFile.length <= BOOT_FILE_BYTES ? bootFile : '';
}
