/** The kernel's neighbour table: which MAC it saw behind an IPv4 address on our link (proc(5), /proc/net/arp). */
import { readFile } from 'node:fs/promises';
import { parseMac } from '../../src/contract/mac.js';

/** The complete entries, MAC by address. Columns: address, hardware type, flags, MAC, mask, device. */
export function parseNeighbours(table: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const row of table.split('\n').slice(1)) {
    const [address, , flags, hardware] = row.trim().split(/\s+/);
    const mac = parseMac(hardware ?? '');
    // ATF_COM, 0x2: the entry is complete.
    if (address !== undefined && mac !== undefined && (Number(flags) & 2) !== 0)
      found.set(address, mac);
  }
  return found;
}

/** MAC behind an address that we just exchanged packets with; undefined when it is not on our link. */
export async function findNeighbour(address: string): Promise<string | undefined> {
  return parseNeighbours(await readFile('/proc/net/arp', 'utf8')).get(address);
}
