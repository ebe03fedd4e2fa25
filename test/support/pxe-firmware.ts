/**
 * Firmware's side of PXE 2.1 with a proxy: packets made and read by hand, over real sockets on a machine of a test
 * network. udhcpc cannot play this part: it takes the first offer, with or without an address.
 */
import type { Socket } from 'node:dgram';
import { openDeviceSocket } from '../../boot-server/udp/device-socket.js';
import { packet, type PacketFields } from '../unit/boot-server/dhcp/packets.js';
import { inNetwork } from './network-namespace.js';
import type { BootNetwork } from './boot-network.js';
import { until } from './wait.js';

export interface PxeReply {
  /** Where it came from. */
  readonly from: { readonly address: string; readonly port: number };
  /** Message type: 2 OFFER, 5 ACK, 6 NAK. */
  readonly type: number;
  readonly transaction: number;
  readonly yourAddress: string;
  readonly nextServer: string;
  readonly file: string;
  readonly options: ReadonlyMap<number, Buffer>;
}

export class PxeFirmware implements Disposable {
  readonly replies: PxeReply[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => this.replies.push(readReply(bytes, from)));
  }

  /** @param port 68, or another one for a question to port 4011 */
  static async on(network: BootNetwork, machine: string, port = 68): Promise<PxeFirmware> {
    const options = { device: 'eth0', address: '0.0.0.0', port };
    const file = network.namespaceOf(machine);
    return new PxeFirmware(await inNetwork(file, () => openDeviceSocket(options)));
  }

  /** Sends once and waits for the answers that are wanted; firmware repeats itself, a test must not have to. */
  async ask(
    fields: PacketFields,
    to: { readonly address: string; readonly port: number },
    wanted: (reply: PxeReply) => boolean,
  ): Promise<PxeReply> {
    this.#socket.send(packet(fields), to.port, to.address);
    return await until(
      'an answer to firmware',
      () => this.replies.find((reply) => reply.transaction === fields.transaction && wanted(reply)),
      20,
    );
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

const text = (bytes: Buffer): string => bytes.toString('latin1').replace(/\0.*$/s, '');

/** RFC 2131, section 2: fixed fields, cookie at 236, options of code, length and value. */
function readReply(bytes: Buffer, from: { address: string; port: number }): PxeReply {
  const options = new Map<number, Buffer>();
  let at = 240;
  while (at < bytes.length && bytes[at] !== 255) {
    const [code = 0, length = 0] = bytes.subarray(at, at + 2);
    if (code === 0) at += 1;
    else {
      options.set(code, bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return {
    from: { address: from.address, port: from.port },
    type: options.get(53)?.[0] ?? 0,
    transaction: bytes.readUInt32BE(4),
    yourAddress: bytes.subarray(16, 20).join('.'),
    nextServer: bytes.subarray(20, 24).join('.'),
    file: text(bytes.subarray(108, 236)),
    options,
  };
}
