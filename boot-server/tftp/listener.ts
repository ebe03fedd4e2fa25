/** Takes read requests on port 69 and starts a session for each. Serves what its file map holds, nothing else. */
import type { Socket } from 'node:dgram';
import { decodeTftp, encodeTftp, ERROR_CODE, type TftpPacket } from './codec.js';
import { negotiate } from './negotiate.js';
import { Session, type Outcome, type Peer } from './session.js';

export type TftpEvent =
  | {
      readonly type: 'tftp-sent';
      readonly address: string;
      readonly name: string;
      readonly bytes: number;
      readonly seconds: number;
    }
  | {
      readonly type: 'tftp-failed';
      readonly address: string;
      readonly name: string;
      readonly bytes: number;
      readonly reason: string;
    };

export interface TftpOptions {
  /** A socket bound to the NIC; port 0: any free one. */
  readonly openSocket: (port: number) => Promise<Socket>;
  /** Default: 69. */
  readonly port?: number;
  /** The file's bytes, undefined when no such name is served; throws when it cannot be read. */
  readonly readFile: (name: string) => Promise<Buffer | undefined>;
  readonly onEvent: (event: TftpEvent) => void;
}

/** Far above what a rack needs at once; a flood of requests must not take all sockets. */
const MOST_SESSIONS = 4096;
const MOST_SESSIONS_OF_ONE_ADDRESS = 16;

type ReadRequest = Extract<TftpPacket, { type: 'read' | 'write' }>;

export class TftpListener {
  readonly #options: TftpOptions;
  readonly #socket: Socket;
  /** By the client's address and port; undefined while its file is read. */
  readonly #sessions = new Map<string, Session | undefined>();
  readonly #countByAddress = new Map<string, number>();
  #closed = false;

  private constructor(options: TftpOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      void this.#receive(bytes, from);
    });
  }

  static async open(options: TftpOptions): Promise<TftpListener> {
    return new TftpListener(options, await options.openSocket(options.port ?? 69));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
    for (const session of this.#sessions.values()) session?.abort('the server stops');
  }

  async #receive(bytes: Buffer, peer: Peer): Promise<void> {
    const packet = decodeTftp(bytes);
    // Whatever is no request has no business here; an answer would only feed a loop of two servers.
    if (packet.type !== 'read' && packet.type !== 'write') return;
    const key = `${peer.address}:${String(peer.port)}`;
    if (this.#sessions.has(key)) {
      const running = this.#sessions.get(key);
      // The same request again: its first answer is under way or lost, or the client started over.
      if (running === undefined) return;
      if (running.isFresh) {
        running.repeatOptions();
        return;
      }
      running.abort('the client started over');
    }
    const refusal = this.#refuse(packet, peer);
    if (refusal) {
      this.#answerError(peer, packet.name, refusal);
      return;
    }
    this.#track(key, peer.address);
    try {
      await this.#serve(key, packet, peer);
    } catch (error) {
      this.#untrack(key, peer.address);
      const reason = error instanceof Error ? error.message : String(error);
      // Paths of this host are for its own log.
      const message = 'this server cannot read the file';
      this.#answerError(peer, packet.name, { code: ERROR_CODE.undefined, message }, reason);
    }
  }

  #refuse(request: ReadRequest, peer: Peer): { code: number; message: string } | undefined {
    if (request.type === 'write')
      return { code: ERROR_CODE.accessViolation, message: 'this server is read-only' };
    if (request.mode !== 'octet')
      return { code: ERROR_CODE.illegal, message: 'only mode octet (binary) is served' };
    const ofAddress = this.#countByAddress.get(peer.address) ?? 0;
    if (this.#sessions.size >= MOST_SESSIONS || ofAddress >= MOST_SESSIONS_OF_ONE_ADDRESS) {
      return { code: ERROR_CODE.undefined, message: 'too many transfers' };
    }
    return undefined;
  }

  async #serve(key: string, request: ReadRequest, peer: Peer): Promise<void> {
    const name = request.name.replace(/^\//, '');
    const content = await this.#options.readFile(name);
    if (content === undefined) {
      this.#untrack(key, peer.address);
      this.#answerError(peer, request.name, {
        code: ERROR_CODE.notFound,
        message: 'file not found',
      });
      return;
    }
    const socket = await this.#options.openSocket(0);
    if (this.#closed) {
      socket.close();
      return;
    }
    const started = performance.now();
    const session = new Session(
      socket,
      peer,
      content,
      negotiate(request.options, content.length),
      (outcome) => {
        if (this.#sessions.get(key) === session) this.#untrack(key, peer.address);
        this.#report(peer.address, name, outcome, (performance.now() - started) / 1000);
      },
    );
    this.#sessions.set(key, session);
  }

  #track(key: string, address: string): void {
    this.#sessions.set(key, undefined);
    this.#countByAddress.set(address, (this.#countByAddress.get(address) ?? 0) + 1);
  }

  #untrack(key: string, address: string): void {
    this.#sessions.delete(key);
    const left = (this.#countByAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#countByAddress.delete(address);
    else this.#countByAddress.set(address, left);
  }

  #report(address: string, name: string, outcome: Outcome, seconds: number): void {
    if (outcome.kind === 'asked') return;
    const { bytes } = outcome;
    this.#options.onEvent(
      outcome.kind === 'sent'
        ? { type: 'tftp-sent', address, name, bytes, seconds }
        : { type: 'tftp-failed', address, name, bytes, reason: outcome.reason },
    );
  }

  #answerError(
    peer: Peer,
    name: string,
    refusal: { code: number; message: string },
    reason = refusal.message,
  ): void {
    if (this.#closed) return;
    this.#socket.send(encodeTftp({ type: 'error', ...refusal }), peer.port, peer.address);
    this.#options.onEvent({ type: 'tftp-failed', address: peer.address, name, bytes: 0, reason });
  }
}
