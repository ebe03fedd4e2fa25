/** Moves DHCP's bytes on ports 67 and 4011; what to answer is decided in `offer.ts`. */
import type { Socket } from 'node:dgram';
import type { DhcpAnsweredEvent, DhcpIgnoredEvent, WarningEvent } from '../events.js';
import type { Decision } from '../assign/decide.js';
import type { Machine } from '../assign/machine.js';
import type { BootSources } from './boot-options.js';
import type { DhcpClient } from './client.js';
import { decodeDhcp, encodeDhcp } from './codec.js';
import { PORT } from './constants.js';
import { LeasePool } from './leases.js';
import { decideOffer } from './offer.js';
import { ignore, type Answer, type DhcpDecision, type Destination } from './reply.js';
import type { FullDhcpSettings } from './settings.js';

export type DhcpEvent = DhcpAnsweredEvent | DhcpIgnoredEvent | WarningEvent;

export interface DhcpListenerOptions {
  /** A socket on 0.0.0.0, bound to the NIC. */
  readonly openSocket: (port: number) => Promise<Socket>;
  /** Undefined: proxy. */
  readonly full: FullDhcpSettings | undefined;
  /** Read anew for every request: the release may have changed. */
  readonly sources: () => BootSources;
  /** What a machine boots. */
  readonly decide: (machine: Machine) => Decision;
  readonly onEvent: (event: DhcpEvent) => void;
}

export class DhcpListener {
  readonly #options: DhcpListenerOptions;
  readonly #sockets: readonly Socket[];
  readonly #pool: LeasePool | undefined;

  private constructor(options: DhcpListenerOptions, server: Socket, pxe: Socket) {
    this.#options = options;
    this.#sockets = [server, pxe];
    const { full } = options;
    this.#pool = full && new LeasePool(full.range, full.reserved, full.network.leaseSeconds);
    server.on('message', (bytes, from) => {
      this.#receive(server, PORT.server, bytes, from);
    });
    pxe.on('message', (bytes, from) => {
      this.#receive(pxe, PORT.pxe, bytes, from);
    });
    for (const socket of this.#sockets) {
      socket.on('error', ({ message }) => {
        options.onEvent({
          type: 'warning',
          code: 'DHCP_SOCKET',
          message: `Cannot receive DHCP: ${message}`,
        });
      });
    }
  }

  static async open(options: DhcpListenerOptions): Promise<DhcpListener> {
    const server = await options.openSocket(PORT.server);
    try {
      return new DhcpListener(options, server, await options.openSocket(PORT.pxe));
    } catch (error) {
      server.close();
      throw error;
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #receive(
    socket: Socket,
    port: typeof PORT.server | typeof PORT.pxe,
    bytes: Buffer,
    from: Destination,
  ): void {
    const decision = this.#decideAnswer(port, bytes, from);
    if (decision.kind === 'ignored') {
      const { reason, message, mac } = decision;
      this.#options.onEvent({
        type: 'dhcp-ignored',
        reason,
        message,
        ...(mac === undefined ? {} : { mac }),
      });
      return;
    }
    const { address, port: to } = decision.destination;
    socket.send(encodeDhcp(decision.reply), to, address, (error) => {
      if (error) this.#options.onEvent(cannotSend(decision, error));
    });
    for (const event of describeAnswer(decision, this.#options.decide)) {
      this.#options.onEvent(event);
    }
  }

  #decideAnswer(
    port: typeof PORT.server | typeof PORT.pxe,
    bytes: Buffer,
    from: Destination,
  ): DhcpDecision {
    const request = decodeDhcp(bytes);
    if ('malformed' in request)
      return ignore('malformed', `from ${from.address}: ${request.malformed}`);
    const { full, sources } = this.#options;
    return decideOffer(request, {
      sources: sources(),
      port,
      from,
      ...(full && this.#pool
        ? { leases: { pool: this.#pool, network: full.network, now: performance.now() } }
        : {}),
    });
  }
}

function describeAnswer(
  { kind, client, address, bootFile, noBoot }: Answer,
  decide: DhcpListenerOptions['decide'],
): DhcpEvent[] {
  const decision =
    client.netboot === undefined ? undefined : decide(describeMachine(client, address));
  const answered: DhcpAnsweredEvent = {
    type: `dhcp-${kind}`,
    mac: client.mac,
    client:
      client.netboot === undefined ? 'plain' : client.netboot === 'ipxe' ? 'ipxe' : 'firmware',
    ...(client.architecture === undefined ? {} : { architecture: client.architecture.name }),
    ...(address === undefined ? {} : { address }),
    ...(bootFile === undefined ? {} : { bootFile }),
    ...(decision !== undefined && 'profile' in decision ? { profile: decision.profile } : {}),
  };
  if (noBoot === undefined || kind !== 'offer') return [answered];
  return [
    answered,
    { type: 'dhcp-ignored', reason: noBoot.reason, message: noBoot.message, mac: client.mac },
  ];
}

/** What DHCP tells of a machine: firmware, and no iPXE architecture yet. */
function describeMachine({ mac, uuid, architecture }: DhcpClient, address?: string): Machine {
  const firmware = architecture?.firmware;
  return {
    mac,
    ...(address === undefined ? {} : { address }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(firmware === 'bios' || firmware === 'uefi' ? { firmware } : {}),
  };
}

function cannotSend({ client, destination }: Answer, error: Error): WarningEvent {
  return {
    type: 'warning',
    code: 'DHCP_NOT_SENT',
    message: `Cannot answer "${client.mac}" at ${destination.address}: ${error.message}`,
  };
}
