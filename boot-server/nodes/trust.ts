/**
 * Whether a request that names a node comes from that node: one machine must not report for another.
 * An address is the node's when it is the one it had so far, or when the kernel's neighbour table shows
 * the node's MAC behind it. (The initrd's DHCP client identifies itself otherwise than the PXE ROM did,
 * and may get another address from the network's DHCP server.)
 */
import type { NodeRegistry } from './registry.js';

export type FindNeighbour = (address: string) => Promise<string | undefined>;

export async function isAddressOf(
  mac: string,
  address: string,
  registry: NodeRegistry,
  findNeighbour: FindNeighbour,
): Promise<boolean> {
  const known = registry.find(mac)?.address;
  if (known === address) return true;
  const neighbour = await findNeighbour(address);
  if (neighbour !== undefined) return neighbour === mac;
  // Behind a router, or on this host: the first to come keeps the name.
  return known === undefined && registry.ownerOf(address) === undefined;
}
