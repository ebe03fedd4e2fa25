/**
 * The node's network, as data: a bridge with the boot server on it, the node's TAP device, and a
 * second machine, the network's own server, in a namespace behind a veth pair.
 *
 * ```
 *   boot server 192.168.77.1 ─ br0 ─┬─ tap0 ─ node
 *                                   └─ veth ─ 192.168.77.2 dnsmasq: DNS, router advertisements,
 *                                                          and DHCP beside a proxy boot server
 * ```
 * Everything is inside one network namespace, so every node on a machine may use the same addresses.
 */

/** Who hands out addresses: the boot server (`full`), or the network's own server beside it (`proxy`). */
export type DhcpMode = 'full' | 'proxy';

export const NETWORK = {
  bridge: 'br0',
  tap: 'tap0',
  /** Prefix length of both IPv4 addresses below. */
  prefix: 24,
  bootServer: '192.168.77.1',
  /** The network's own server: name server and, in proxy mode, DHCP server. */
  localServer: '192.168.77.2',
  range: { first: '192.168.77.100', last: '192.168.77.199' },
  httpPort: 8080,
  domain: 'onib.test',
  ipv6Prefix: 'fd77:6f6e:6962::',
} as const;

const LINK = { here: 'veth0', there: 'eth0' } as const;

/** `ip -batch` input for the namespace of boot server and node; `peer` is the other namespace's file. */
export function networkBatch(peer: string): string {
  return batch([
    'link set lo up',
    // No spanning tree: a port forwards at once instead of after two forward delays.
    `link add ${NETWORK.bridge} type bridge stp_state 0 forward_delay 0`,
    `address add ${NETWORK.bootServer}/${String(NETWORK.prefix)} dev ${NETWORK.bridge}`,
    `tuntap add ${NETWORK.tap} mode tap`,
    `link set ${NETWORK.tap} master ${NETWORK.bridge} up`,
    `link add ${LINK.here} type veth peer name ${LINK.there} netns ${peer}`,
    `link set ${LINK.here} master ${NETWORK.bridge} up`,
    `link set ${NETWORK.bridge} up`,
  ]);
}

/** `ip -batch` input for the namespace of the network's own server. */
export function localServerBatch(): string {
  return batch([
    'link set lo up',
    `address add ${NETWORK.localServer}/${String(NETWORK.prefix)} dev ${LINK.there}`,
    `address add ${NETWORK.ipv6Prefix}2/64 dev ${LINK.there} nodad`,
    `link set ${LINK.there} up`,
  ]);
}

function batch(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** dnsmasq's arguments: it reads and writes no file. */
export function localServerArguments(dhcp: DhcpMode): string[] {
  const { range } = NETWORK;
  return [
    ...['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--log-facility=-'],
    ...['--no-resolv', '--no-hosts', '--leasefile-ro', '--log-dhcp'],
    ...[`--interface=${LINK.there}`, '--bind-interfaces'],
    ...[`--domain=${NETWORK.domain}`, `--local=/${NETWORK.domain}/`],
    `--host-record=server.${NETWORK.domain},${NETWORK.bootServer}`,
    `--host-record=ns.${NETWORK.domain},${NETWORK.localServer}`,
    // iPXE configures IPv6 before it boots and waits 13–16 s for a router that never answers.
    ...['--enable-ra', `--dhcp-range=${NETWORK.ipv6Prefix},ra-only,64`],
    // The ping check would delay every offer by 2–3 s.
    ...(dhcp === 'proxy' ? ['--no-ping', `--dhcp-range=${range.first},${range.last},1h`] : []),
  ];
}
