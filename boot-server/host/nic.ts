/** The NIC that the server works on, and what is configured on it. */
import { networkInterfaces } from 'node:os';
import { EXIT, OnibError } from '../../src/core/errors.js';

export interface NicAddress {
  readonly address: string;
  readonly netmask: string;
}

/** @throws OnibError INTERFACE_UNKNOWN, INTERFACE_NO_ADDRESS */
export function readNicAddress(name: string): NicAddress {
  const all = networkInterfaces();
  const ipv4 = all[name]?.find((entry) => entry.family === 'IPv4');
  if (ipv4) return { address: ipv4.address, netmask: ipv4.netmask };
  const exists = all[name] !== undefined;
  // Node lists neither NICs that are down nor those without any address.
  throw new OnibError(
    exists ? 'INTERFACE_NO_ADDRESS' : 'INTERFACE_UNKNOWN',
    exists
      ? `Cannot serve on "${name}": it has no IPv4 address`
      : `Cannot serve on "${name}": no such network interface is up`,
    {
      hint: exists
        ? `ip address add 192.168.100.1/24 dev ${name}`
        : `ip link set ${name} up; up now: ${Object.keys(all).join(', ')}`,
      exitCode: EXIT.hostLacks,
    },
  );
}
