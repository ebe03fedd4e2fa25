/** Numbers of DHCP (RFC 2131, 2132, 3046, 4578) and of PXE 2.1 that this server uses. */

export const PORT = { server: 67, client: 68, pxe: 4011 } as const;

export const OP = { request: 1, reply: 2 } as const;

export const ETHERNET = { type: 1, addressBytes: 6 } as const;

export const MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export const OPTION = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  nameServers: 6,
  hostName: 12,
  domainName: 15,
  broadcastAddress: 28,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseSeconds: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  message: 56,
  maximumSize: 57,
  renewalSeconds: 58,
  rebindingSeconds: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  serverName: 66,
  bootFile: 67,
  userClass: 77,
  relayAgent: 82,
  clientArchitecture: 93,
  networkInterface: 94,
  clientUuid: 97,
  ipxe: 175,
  end: 255,
} as const;

/** Sub-options of option 43 in a PXE answer (PXE 2.1, section 2.2.3). */
export const PXE = { discoveryControl: 6 } as const;

/** Discovery control bit 3: no discovery, boot the file that this very answer names. */
export const USE_BOOT_FILE = 8;

/** Sub-options of option 175, as iPXE sends and reads them. */
export const IPXE = { http: 0x13, bzImage: 0x18, pxe: 0x21, efi: 0x24, noProxyDhcp: 0xb0 } as const;
