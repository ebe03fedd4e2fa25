/** Full DHCP for a private network (RFC 2131, section 4.3): addresses, and in the same answers what to boot. */
import {
  broadcastAddress,
  formatIpv4,
  ipv4Bytes,
  ipv4FromBytes,
  parseIpv4,
} from '../../src/core/ipv4.js';
import { chooseBootOptions, type BootSources } from './boot-options.js';
import type { DhcpClient } from './client.js';
import { latin1, type DhcpMessage } from './codec.js';
import { MESSAGE, OPTION } from './constants.js';
import type { LeasePool } from './leases.js';
import {
  answer,
  everybody,
  ignore,
  replyDestination,
  type Answer,
  type DhcpDecision,
} from './reply.js';

/** What every node of the network is told. */
export interface NetworkSettings {
  readonly netmask: string;
  readonly router?: string;
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly leaseSeconds: number;
}

export interface LeaseContext {
  readonly pool: LeasePool;
  readonly network: NetworkSettings;
  /** Milliseconds. */
  readonly now: number;
}

const nothing = '0.0.0.0';

export function decideLease(
  request: DhcpMessage,
  type: number,
  client: DhcpClient,
  sources: BootSources,
  context: LeaseContext,
): DhcpDecision {
  if (request.relayAddress !== nothing) {
    return ignore(
      'relayed',
      `relayed by ${request.relayAddress}: addresses are given on the own link only`,
      client.mac,
    );
  }
  const exchange = { request, client, sources, context };
  switch (type) {
    case MESSAGE.discover:
      return offerLease(exchange);
    case MESSAGE.request:
      return confirmLease(exchange);
    case MESSAGE.inform:
      return reply(exchange, 'ack', undefined);
    case MESSAGE.release:
      context.pool.release(client.mac, request.clientAddress);
      return ignore('released', `${request.clientAddress} is free again`, client.mac);
    case MESSAGE.decline:
      return decline(exchange);
    default:
      return ignore('wrong-message', `message type ${String(type)} is no client's`, client.mac);
  }
}

interface Exchange {
  readonly request: DhcpMessage;
  readonly client: DhcpClient;
  readonly sources: BootSources;
  readonly context: LeaseContext;
}

function offerLease(exchange: Exchange): DhcpDecision {
  const { request, client, context } = exchange;
  const wish = addressOption(request, OPTION.requestedAddress);
  const address = context.pool.offer(client.mac, wish, context.now);
  if (address === undefined) {
    return ignore('pool-exhausted', 'every address of the range is taken', client.mac);
  }
  return reply(exchange, 'offer', address);
}

/** SELECTING names us (54), INIT-REBOOT only the address (50), RENEWING and REBINDING fill in ciaddr. */
function confirmLease(exchange: Exchange): DhcpDecision {
  const { request, client, sources, context } = exchange;
  const server = addressOption(request, OPTION.serverIdentifier);
  if (server !== undefined && server !== sources.address) {
    const lease = context.pool.leaseOf(client.mac);
    if (lease?.state === 'offered') context.pool.release(client.mac, lease.address);
    return ignore('for-another-server', `a REQUEST for ${server}`, client.mac);
  }
  const wanted =
    request.clientAddress === nothing
      ? addressOption(request, OPTION.requestedAddress)
      : request.clientAddress;
  if (wanted === undefined) {
    return ignore('wrong-message', 'a REQUEST that names no address', client.mac);
  }
  if (context.pool.bind(client.mac, wanted, context.now)) return reply(exchange, 'ack', wanted);
  return refuse(exchange, `${wanted} is not for this node`);
}

function refuse({ request, client, sources }: Exchange, why: string): Answer {
  return answer(request, {
    kind: 'nak',
    client,
    serverAddress: sources.address,
    options: new Map([[OPTION.message, latin1(why)]]),
    // The client may hold an address that is wrong here: only a broadcast is sure to reach it.
    destination: everybody,
  });
}

function decline({ request, client, context }: Exchange): DhcpDecision {
  const address = addressOption(request, OPTION.requestedAddress) ?? nothing;
  const known = context.pool.decline(client.mac, address, context.now);
  return ignore(
    'declined',
    known ? `${address} is in use by another machine` : `${address} was never this node's`,
    client.mac,
  );
}

/** A client that we have no loader for still gets its address: it may boot from elsewhere. */
function reply(exchange: Exchange, kind: 'offer' | 'ack', address: string | undefined): Answer {
  const { request, client, sources, context } = exchange;
  return answer(request, {
    kind,
    client,
    serverAddress: sources.address,
    address,
    boot:
      client.netboot === undefined ? undefined : chooseBootOptions(client, client.netboot, sources),
    options: networkOptions(context.network, sources.address, address !== undefined),
    destination: replyDestination(request),
  });
}

/** @param leased false in the answer to INFORM, which must not carry lease times (RFC 2131, section 4.3.5) */
function networkOptions(
  network: NetworkSettings,
  serverAddress: string,
  leased: boolean,
): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  if (leased) {
    options.set(OPTION.leaseSeconds, seconds(network.leaseSeconds));
    options.set(OPTION.renewalSeconds, seconds(network.leaseSeconds * 0.5));
    options.set(OPTION.rebindingSeconds, seconds(network.leaseSeconds * 0.875));
  }
  options.set(OPTION.subnetMask, ipv4Bytes(network.netmask));
  const broadcast = broadcastAddress(
    parseIpv4(serverAddress) ?? 0,
    parseIpv4(network.netmask) ?? 0,
  );
  options.set(OPTION.broadcastAddress, ipv4Bytes(formatIpv4(broadcast)));
  if (network.router !== undefined) options.set(OPTION.router, ipv4Bytes(network.router));
  if (network.nameservers !== undefined && network.nameservers.length > 0) {
    options.set(OPTION.nameServers, Buffer.concat(network.nameservers.map(ipv4Bytes)));
  }
  if (network.domain !== undefined) options.set(OPTION.domainName, latin1(network.domain));
  return options;
}

function seconds(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.floor(value));
  return bytes;
}

/** Undefined when the option is absent or not one address. */
function addressOption(request: DhcpMessage, code: number): string | undefined {
  const value = request.options.get(code);
  return value?.length === 4 ? ipv4FromBytes(value) : undefined;
}
