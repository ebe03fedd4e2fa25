/**
 * A UNIX socket that QEMU connects to: a serial port or its control protocol. We listen and QEMU
 * connects, so that nothing is polled for and no byte of the start is lost.
 */
import { createServer, type Server, type Socket } from 'node:net';

export class SocketPort {
  /** Resolves when QEMU has closed its end and everything that it sent was handed on. */
  readonly closed: Promise<void>;
  #socket: Socket | undefined;

  private constructor(
    private readonly server: Server,
    onBytes: (bytes: Uint8Array) => void,
  ) {
    this.closed = new Promise((resolve) => {
      server.once('close', resolve);
    });
    server.once('connection', (socket) => {
      this.#socket = socket;
      socket.on('data', onBytes);
      // A reset only says that QEMU is gone; who runs it says why.
      socket.on('error', () => undefined);
      // One connection is all there will be: the server closes when this one does.
      server.close();
    });
  }

  /** Listens at `path`; `hello` is sent to whoever connects. */
  static async listen(
    path: string,
    onBytes: (bytes: Uint8Array) => void,
    hello = '',
  ): Promise<SocketPort> {
    const server = createServer();
    const port = new SocketPort(server, onBytes);
    server.once('connection', (socket) => socket.write(hello));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    return port;
  }

  /** Before QEMU has connected there is nobody to write to. */
  write(bytes: Uint8Array): void {
    if (this.#socket?.writable === true) this.#socket.write(bytes);
  }

  /** Gives up waiting for a connection, or ends the one that there is. */
  close(): void {
    this.#socket?.destroy();
    if (this.server.listening) this.server.close();
  }
}
