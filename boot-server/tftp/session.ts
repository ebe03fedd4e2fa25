/** Moves the bytes of one transfer: its own socket, its timer, and the state machine's steps. */
import type { Socket } from 'node:dgram';
import { decodeTftp, encodeTftp, ERROR_CODE, OPCODE } from './codec.js';
import type { TransferSettings } from './negotiate.js';
import { Transfer, type Step } from './transfer.js';

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** How a transfer ended. `asked`: the client only wanted to know the size, as UEFI does. */
export type Outcome =
  | { readonly kind: 'sent'; readonly bytes: number }
  | { readonly kind: 'asked' }
  | { readonly kind: 'failed'; readonly bytes: number; readonly reason: string };

export class Session {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #content: Buffer;
  readonly #settings: TransferSettings;
  readonly #transfer: Transfer;
  readonly #onEnd: (outcome: Outcome) => void;
  #timer: NodeJS.Timeout;
  #ended = false;

  /** @param socket bound, and from now on this session's own */
  constructor(
    socket: Socket,
    peer: Peer,
    content: Buffer,
    settings: TransferSettings,
    onEnd: (outcome: Outcome) => void,
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#content = content;
    this.#settings = settings;
    this.#transfer = new Transfer(content.length, settings);
    this.#onEnd = onEnd;
    this.#timer = this.#startTimer();
    socket.on('message', (bytes, from) => {
      this.#receive(bytes, from);
    });
    socket.on('error', (error) => {
      this.#end(this.#failed(error.message));
    });
    this.#take(this.#transfer.start());
  }

  get isFresh(): boolean {
    return this.#transfer.isFresh;
  }

  /** The client sent its request again. What is lost of a file's blocks, silence tells; of a lost OACK only this. */
  repeatOptions(): void {
    if (this.#transfer.isNegotiating) this.#take(this.#transfer.silence());
  }

  /** Ends the transfer without a word to the client. */
  abort(reason: string): void {
    this.#end(this.#failed(reason));
  }

  #receive(bytes: Buffer, from: Peer): void {
    if (from.port !== this.#peer.port || from.address !== this.#peer.address) {
      const stranger = {
        type: 'error',
        code: ERROR_CODE.unknownTransfer,
        message: 'not your transfer',
      } as const;
      this.#socket.send(encodeTftp(stranger), from.port, from.address, ignoreLoss);
      return;
    }
    const packet = decodeTftp(bytes);
    if (packet.type === 'ack') {
      this.#acknowledge(packet.block);
    } else if (packet.type === 'error') {
      // UEFI and iPXE learn the size from the OACK and break off with error 8 or 0.
      if (this.#transfer.isFresh) this.#end({ kind: 'asked' });
      else
        this.#end(
          this.#failed(`the client broke off: ${packet.message || `error ${String(packet.code)}`}`),
        );
    }
  }

  #acknowledge(block: number): void {
    const { isNegotiating } = this.#transfer;
    const step = this.#transfer.acknowledge(block);
    // An acknowledgement that is merely repeated is no progress: it must not put off what it waits for.
    if (step.kind !== 'wait') {
      if (isNegotiating) {
        clearTimeout(this.#timer);
        this.#timer = this.#startTimer();
      } else this.#timer.refresh();
    }
    this.#take(step);
  }

  #startTimer(): NodeJS.Timeout {
    const { timeout, optionTimeout } = this.#settings;
    const seconds = this.#transfer.isNegotiating ? optionTimeout : timeout;
    return setTimeout(() => {
      this.#timer.refresh();
      this.#take(this.#transfer.silence());
    }, seconds * 1000);
  }

  #take(step: Step): void {
    if (this.#ended) return;
    switch (step.kind) {
      case 'send-options':
        this.#send([encodeTftp({ type: 'option-ack', options: this.#settings.accepted })]);
        return;
      case 'send':
        for (let block = step.first; block <= step.last; block += 1) this.#sendBlock(block);
        return;
      case 'done':
        this.#end({ kind: 'sent', bytes: this.#content.length });
        return;
      case 'give-up':
        this.#end(this.#failed('the client does not answer'));
        return;
      case 'wait':
    }
  }

  #sendBlock(block: number): void {
    const header = Buffer.of(0, OPCODE.data, (block >> 8) & 255, block & 255);
    const start = (block - 1) * this.#settings.blockSize;
    this.#send([header, this.#content.subarray(start, start + this.#settings.blockSize)]);
  }

  #send(parts: Buffer[]): void {
    this.#socket.send(parts, this.#peer.port, this.#peer.address, ignoreLoss);
  }

  #failed(reason: string): Outcome {
    return {
      kind: 'failed',
      bytes: this.#transfer.bytesAcknowledged(this.#content.length),
      reason,
    };
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.#onEnd(outcome);
  }
}

/** A datagram that could not be sent is one that was lost: the retransmission deals with both. */
function ignoreLoss(): void {
  return;
}
