/** A link between a TFTP client and its server that loses or holds back what a test tells it to. */
import type { Socket } from 'node:dgram';
import { openDeviceSocket } from '../../boot-server/udp/device-socket.js';
import { SERVER_ADDRESS, type BootNetwork } from './boot-network.js';
import { inNetwork } from './network-namespace.js';

const TFTP_PORT = 69;
const READ_REQUEST = 1;

/** One datagram; `block` of a DATA (3) or an ACK (4). */
export interface Datagram {
  readonly from: 'client' | 'server';
  readonly opcode: number;
  readonly block: number;
  readonly bytes: number;
}

export class LossyLink implements Disposable {
  /** Everything that came, in its order, also what was lost. */
  readonly seen: Datagram[] = [];
  /** On the client's loopback: it talks to this port as if the server were there. */
  readonly port: number;
  readonly #near: Socket;
  readonly #far: Socket;
  #client = 0;
  /** The server answers from another port than the one that is asked. */
  #server = TFTP_PORT;

  private constructor(near: Socket, far: Socket, isLost: (datagram: Datagram) => boolean) {
    this.#near = near;
    this.#far = far;
    this.port = near.address().port;
    near.on('message', (bytes, { port }) => {
      this.#client = port;
      const datagram = this.#note('client', bytes);
      const to = datagram.opcode === READ_REQUEST ? TFTP_PORT : this.#server;
      if (!isLost(datagram)) far.send(bytes, to, SERVER_ADDRESS);
    });
    far.on('message', (bytes, { port }) => {
      this.#server = port;
      if (!isLost(this.#note('server', bytes))) near.send(bytes, this.#client, '127.0.0.1');
    });
  }

  static async open(
    network: BootNetwork,
    machine: string,
    isLost: (datagram: Datagram) => boolean,
  ): Promise<LossyLink> {
    const file = network.namespaceOf(machine);
    const open = (device: string, address: string) =>
      inNetwork(file, () => openDeviceSocket({ device, address, port: 0 }));
    return new LossyLink(await open('lo', '127.0.0.1'), await open('eth0', '0.0.0.0'), isLost);
  }

  #note(from: Datagram['from'], bytes: Buffer): Datagram {
    const [opcode, block] = [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
    const datagram = { from, opcode, block, bytes: bytes.length };
    this.seen.push(datagram);
    return datagram;
  }

  [Symbol.dispose](): void {
    this.#near.close();
    this.#far.close();
  }
}
