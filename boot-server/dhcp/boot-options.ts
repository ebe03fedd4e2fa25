/** The part of an answer that says what to boot: the same for proxy and full DHCP. Pure. */
import type { DhcpClient } from './client.js';
import { BOOT_FILE_BYTES } from './codec.js';
import { IPXE, OPTION, PXE, USE_BOOT_FILE } from './constants.js';
import { encodeIpxeOptions, encodeSuboptions } from './suboptions.js';

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

/** @param client one that netboots */
export function chooseBootOptions(client: DhcpClient, sources: BootSources): BootOptions | NoBoot {
  if (client.netboot === 'ipxe') {
    return compose(client, sources, sources.scriptUrl);
  }
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
  return compose(client, sources, architecture.transport === 'http' ? url : loader);
}

function compose(client: DhcpClient, sources: BootSources, bootFile: string): BootOptions {
  const options = new Map<number, Buffer>();
  // Without the class in the answer, UEFI takes the offer for one of plain DHCP.
  options.set(OPTION.vendorClass, latin1(client.netboot === 'http' ? 'HTTPClient' : 'PXEClient'));
  // Some clients read only the options, some only the header: both say the same.
  options.set(OPTION.serverName, latin1(sources.address));
  options.set(OPTION.bootFile, latin1(bootFile));
  if (client.netboot !== 'http') {
    options.set(
      OPTION.vendorSpecific,
      encodeSuboptions(new Map([[PXE.discoveryControl, Buffer.of(USE_BOOT_FILE)]])),
    );
  }
  if (client.netboot === 'ipxe') {
    // Else iPXE waits up to two seconds for a proxy's offer.
    options.set(OPTION.ipxe, encodeIpxeOptions(new Map([[IPXE.noProxyDhcp, Buffer.of(1)]])));
  }
  return { bootFile, options };
}

/** `file` of the header, where the name fits there. */
export function headerBootFile(bootFile: string): string {
  return bootFile.length <= BOOT_FILE_BYTES ? bootFile : '';
}

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
