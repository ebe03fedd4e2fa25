/** A network interface as the kernel has it, in the network namespace of this process (netdevice(7)). */
import { ipv4FromBytes } from '../core/ipv4.js';
import { failedWith, libcCall, systemError } from './libc.js';
import { bindUdp } from './socket.js';

/** Requests of ioctl(2), and flags of an interface (<linux/sockios.h>, <linux/if.h>). */
const SIOCGIFFLAGS = 0x8913;
const SIOCGIFADDR = 0x8915;
const SIOCGIFNETMASK = 0x891b;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;

/** struct ifreq: name in 16 bytes, its last one 0 | flags, or a sockaddr whose IPv4 address begins at its byte 4. */
const REQUEST_SIZE = 40;
const NAME_SIZE = 16;
const ADDRESS_AT = NAME_SIZE + 4;

const ioctl = libcCall('int ioctl(int descriptor, unsigned long request, ...)') as (
  descriptor: number,
  request: number,
  type: 'uint8_t *',
  value: Buffer,
) => number;
const close = libcCall('int close(int descriptor)') as (descriptor: number) => number;

export interface NicState {
  /** Switched on: `ip link set … up`. */
  readonly up: boolean;
  /** Up, and its link can carry packets. Node lists only such interfaces. */
  readonly running: boolean;
  /** Its first IPv4 address, dotted, as the netmask is. */
  readonly ipv4?: { readonly address: string; readonly netmask: string };
}

/** Undefined: there is no interface of that name. */
export function readNicState(name: string): NicState | undefined {
  if (name === '' || Buffer.byteLength(name) >= NAME_SIZE) return undefined;
  const descriptor = bindUdp('0.0.0.0', 0, {});
  const ask = (request: number, absent: string): Buffer | undefined => {
    const bytes = Buffer.alloc(REQUEST_SIZE);
    bytes.write(name);
    if (ioctl(descriptor, request, 'uint8_t *', bytes) === 0) return bytes;
    if (failedWith(absent)) return undefined;
    throw systemError('ioctl', name);
  };
  try {
    const flags = ask(SIOCGIFFLAGS, 'ENODEV')?.readUInt16LE(NAME_SIZE);
    if (flags === undefined) return undefined;
    const address = ask(SIOCGIFADDR, 'EADDRNOTAVAIL')?.subarray(ADDRESS_AT);
    const netmask = ask(SIOCGIFNETMASK, 'EADDRNOTAVAIL')?.subarray(ADDRESS_AT);
    const known = address !== undefined && netmask !== undefined;
    return {
      up: (flags & IFF_UP) !== 0,
      running: (flags & IFF_RUNNING) !== 0,
      ...(known
        ? { ipv4: { address: ipv4FromBytes(address), netmask: ipv4FromBytes(netmask) } }
        : {}),
    };
  } finally {
    close(descriptor);
  }
}
