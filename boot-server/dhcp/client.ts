/** What a DHCP message says about the machine that sent it. Pure. */
import { findClientArchitecture, type ClientArchitecture } from './client-architecture.js';
import { isUnicast, macFromBytes } from '../../src/contract/mac.js';
import type { DhcpMessage } from './codec.js';
import { ETHERNET, IPXE, OPTION } from './constants.js';
import { decodeSuboptions, decodeUint16List, decodeUserClass, decodeUuid } from './suboptions.js';

export interface DhcpClient {
  readonly mac: string;
  /** `ipxe`: can run our script. `pxe`, `http`: firmware that wants a loader. Undefined: does not netboot. */
  readonly netboot: 'ipxe' | 'pxe' | 'http' | undefined;
  /** Undefined when the client names none that is known, or does not netboot. */
  readonly architecture: ClientArchitecture | undefined;
  /** Numbers of option 93 as sent. */
  readonly architectureCodes: readonly number[];
  readonly uuid: string | undefined;
}

/** @returns undefined when the sender has no Ethernet address of its own */
export function describeClient(message: DhcpMessage): DhcpClient | undefined {
  const { hardwareAddress, options } = message;
  if (message.hardwareType !== ETHERNET.type) return undefined;
  if (hardwareAddress.length !== ETHERNET.addressBytes || !isUnicast(hardwareAddress))
    return undefined;

  const mac = macFromBytes(hardwareAddress);
  const vendorClass = options.get(OPTION.vendorClass)?.toString('latin1') ?? '';
  const codes = decodeUint16List(options.get(OPTION.clientArchitecture) ?? Buffer.alloc(0));
  const netboot = findNetboot(message, vendorClass);
  return {
    mac,
    netboot,
    architecture: netboot && findClientArchitecture({ codes, vendorClass, mac }),
    architectureCodes: codes,
    uuid: decodeUuid(options.get(OPTION.clientUuid) ?? Buffer.alloc(0)),
  };
}

function findNetboot(message: DhcpMessage, vendorClass: string): DhcpClient['netboot'] {
  if (isIpxe(message)) return 'ipxe';
  if (vendorClass.startsWith('PXEClient')) return 'pxe';
  if (vendorClass.startsWith('HTTPClient')) return 'http';
  return undefined;
}

/**
 * Option 175 is the surer sign: some builds and chainloaders change the user class. An iPXE that
 * lists its features without HTTP cannot fetch our script: like firmware, it gets a loader.
 */
function isIpxe({ options }: DhcpMessage): boolean {
  const encapsulated = options.get(OPTION.ipxe);
  if (encapsulated !== undefined) {
    const features = decodeSuboptions(encapsulated);
    if (features.size > 0) return features.has(IPXE.http);
  }
  return decodeUserClass(options.get(OPTION.userClass) ?? Buffer.alloc(0)).includes('iPXE');
}
