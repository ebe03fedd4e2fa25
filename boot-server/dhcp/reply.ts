/** How an answer is put together and where it goes (RFC 2131, section 4.1). Pure. */
import { ipv4Bytes } from '../../src/core/ipv4.js';
import { headerBootFile, type BootOptions, type NoBoot } from './boot-options.js';
import type { DhcpClient } from './client.js';
import type { DhcpMessage } from './codec.js';
import { MESSAGE, OP, OPTION, PORT } from './constants.js';

export interface Destination {
  readonly address: string;
  readonly port: number;
}

export interface Answer {
  readonly kind: 'offer' | 'ack' | 'nak';
  readonly client: DhcpClient;
  readonly reply: DhcpMessage;
  readonly destination: Destination;
  /** What the client is told to boot; undefined when it does not netboot. */
  readonly bootFile: string | undefined;
  /** The address given; undefined in proxy answers. */
  readonly address: string | undefined;
  /** Why a client that netboots gets an address but nothing to boot. */
  readonly noBoot: NoBoot | undefined;
}

export type IgnoredReason =
  | 'malformed'
  | 'not-a-request'
  | 'no-ethernet-address'
  | 'not-netboot'
  | 'for-another-server'
  | 'wrong-message'
  | 'relayed'
  | 'unknown-architecture'
  | 'no-loader'
  | 'pool-exhausted'
  | 'released'
  | 'declined';

export interface Ignored {
  readonly kind: 'ignored';
  readonly reason: IgnoredReason;
  /** One line for a person. */
  readonly message: string;
  readonly mac: string | undefined;
}

export type DhcpDecision = Answer | Ignored;

export function ignore(reason: IgnoredReason, message: string, mac?: string): Ignored {
  return { kind: 'ignored', reason, message, mac };
}

const messageTypes = { offer: MESSAGE.offer, ack: MESSAGE.ack, nak: MESSAGE.nak } as const;

export interface ReplyParts {
  readonly kind: Answer['kind'];
  readonly client: DhcpClient;
  readonly serverAddress: string;
  readonly address?: string | undefined;
  readonly boot?: BootOptions | NoBoot | undefined;
  readonly options?: ReadonlyMap<number, Buffer>;
  readonly destination: Destination;
}

export function answer(request: DhcpMessage, parts: ReplyParts): Answer {
  const { kind, address, client, serverAddress } = parts;
  const boot = parts.boot && 'bootFile' in parts.boot ? parts.boot : undefined;
  const noBoot = parts.boot && 'reason' in parts.boot ? parts.boot : undefined;
  const echoed = [OPTION.clientUuid, OPTION.relayAgent].flatMap((code) => {
    const value = request.options.get(code);
    return value === undefined ? [] : [[code, value] as const];
  });
  const options = new Map<number, Buffer>([
    [OPTION.messageType, Buffer.of(messageTypes[kind])],
    [OPTION.serverIdentifier, ipv4Bytes(serverAddress)],
    ...(parts.options ?? []),
    ...(boot?.options ?? []),
    ...echoed.filter(([code]) => code !== OPTION.relayAgent),
    // RFC 3046, section 2.2: the relay's own option comes back last.
    ...echoed.filter(([code]) => code === OPTION.relayAgent),
  ]);
  const reply: DhcpMessage = {
    op: OP.reply,
    hardwareType: request.hardwareType,
    hops: 0,
    transaction: request.transaction,
    seconds: 0,
    flags: request.flags,
    clientAddress: kind === 'ack' ? request.clientAddress : '0.0.0.0',
    yourAddress: address ?? '0.0.0.0',
    // EDK2 looks here first for the server to load from.
    serverAddress: boot ? serverAddress : '0.0.0.0',
    relayAddress: request.relayAddress,
    hardwareAddress: request.hardwareAddress,
    serverName: boot ? serverAddress : '',
    bootFile: headerBootFile(boot?.bootFile ?? ''),
    options,
  };
  const { destination } = parts;
  return { kind, client, reply, destination, bootFile: boot?.bootFile, address, noBoot };
}

/**
 * To the relay, to the address that the client has, or to everybody: unicast to an address that the
 * client does not have yet would need a raw socket, and every client takes a broadcast.
 */
export function replyDestination(request: DhcpMessage): Destination {
  if (request.relayAddress !== '0.0.0.0')
    return { address: request.relayAddress, port: PORT.server };
  if (request.clientAddress !== '0.0.0.0')
    return { address: request.clientAddress, port: PORT.client };
  return everybody;
}

export const everybody: Destination = { address: '255.255.255.255', port: PORT.client };
