/**
 * What to answer to a DHCP message, if anything. Pure but for the lease pool, which is handed in.
 *
 * Proxy: another server gives addresses; we only add what to boot. DISCOVER gets an OFFER without an
 * address; a REQUEST on port 67 is meant for the other server; clients that want to hear it twice ask
 * port 4011 (PXE 2.1, section 2.2). Full: `lease-offer.ts`.
 */
import { ipv4FromBytes } from '../../src/core/ipv4.js';
import { chooseBootOptions, type BootSources } from './boot-options.js';
import { describeClient, type DhcpClient } from './client.js';
import type { DhcpMessage } from './codec.js';
import { MESSAGE, OP, OPTION, PORT } from './constants.js';
import { decideLease, type LeaseContext } from './lease-offer.js';
import { answer, ignore, replyDestination, type DhcpDecision, type Destination } from './reply.js';

export interface OfferContext {
  readonly sources: BootSources;
  /** The port of ours that the request came to. */
  readonly port: typeof PORT.server | typeof PORT.pxe;
  /** Where the datagram came from. */
  readonly from: Destination;
  /** Present in full DHCP. */
  readonly leases?: LeaseContext;
}

export function decideOffer(request: DhcpMessage, context: OfferContext): DhcpDecision {
  if (request.op !== OP.request) return ignore('not-a-request', 'a reply, sent to a server');
  const client = describeClient(request);
  if (client === undefined) return ignore('no-ethernet-address', 'no Ethernet address of its own');
  const type = request.options.get(OPTION.messageType)?.[0];
  if (type === undefined)
    return ignore('wrong-message', 'BOOTP, without a message type', client.mac);

  if (context.port === PORT.pxe) return decideBootRequest(request, type, client, context);
  if (context.leases) return decideLease(request, type, client, context.sources, context.leases);
  return decideProxyOffer(request, type, client, context);
}

function decideProxyOffer(
  request: DhcpMessage,
  type: number,
  client: DhcpClient,
  context: OfferContext,
): DhcpDecision {
  if (type === MESSAGE.request) {
    const server = request.options.get(OPTION.serverIdentifier);
    const name = server?.length === 4 ? ipv4FromBytes(server) : 'the server that gave its address';
    return ignore('for-another-server', `a REQUEST for ${name}`, client.mac);
  }
  if (type !== MESSAGE.discover) {
    return ignore(
      'wrong-message',
      `message type ${String(type)} is for the server that gives addresses`,
      client.mac,
    );
  }
  return answerBoot(request, 'offer', client, context, replyDestination(request));
}

/** Port 4011: the client has its address and asks for the boot file alone; the answer goes to where it asks from. */
function decideBootRequest(
  request: DhcpMessage,
  type: number,
  client: DhcpClient,
  context: OfferContext,
): DhcpDecision {
  if (type !== MESSAGE.request && type !== MESSAGE.inform) {
    return ignore('wrong-message', `message type ${String(type)} on port 4011`, client.mac);
  }
  const server = request.options.get(OPTION.serverIdentifier);
  if (server?.length === 4 && ipv4FromBytes(server) !== context.sources.address) {
    return ignore('for-another-server', `a REQUEST for ${ipv4FromBytes(server)}`, client.mac);
  }
  return answerBoot(request, 'ack', client, context, context.from);
}

function answerBoot(
  request: DhcpMessage,
  kind: 'offer' | 'ack',
  client: DhcpClient,
  { sources }: OfferContext,
  destination: Destination,
): DhcpDecision {
  if (client.netboot === undefined)
    return ignore('not-netboot', 'does not ask to netboot', client.mac);
  const boot = chooseBootOptions(client, client.netboot, sources);
  if ('reason' in boot) return ignore(boot.reason, boot.message, client.mac);
  return answer(request, { kind, client, serverAddress: sources.address, boot, destination });
}
