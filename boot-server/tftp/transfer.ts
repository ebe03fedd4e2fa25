/**
 * One file on its way to one client, as a state machine without socket or clock: told of
 * acknowledgements and silence, it says which blocks to send. Blocks count from 1 without end; on
 * the wire their number is taken modulo 65536.
 */
import type { TransferSettings } from './negotiate.js';

/** What to do next: send the OACK or these blocks (first to last), wait, or end. */
export type Step =
  | { readonly kind: 'send-options' }
  | { readonly kind: 'send'; readonly first: number; readonly last: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'done' }
  | { readonly kind: 'give-up' };

/**
 * Times that the same blocks are sent before a silent client is given up. A forged source address
 * then gets six packets at most before its first answer.
 */
const SENDS = 6;

export class Transfer {
  readonly #settings: TransferSettings;
  /** The last block is shorter than the others, and empty when the size is a multiple of theirs. */
  readonly #lastBlock: number;
  #acknowledged: number;
  #sent = 0;
  #sends = 1;
  #reactedToDuplicate = false;

  constructor(size: number, settings: TransferSettings) {
    this.#settings = settings;
    this.#lastBlock = Math.floor(size / settings.blockSize) + 1;
    // An OACK is acknowledged with block 0.
    this.#acknowledged = settings.accepted.size > 0 ? -1 : 0;
  }

  /** Bytes that the client has acknowledged, given the file's size. */
  bytesAcknowledged(size: number): number {
    return Math.min(size, Math.max(0, this.#acknowledged) * this.#settings.blockSize);
  }

  /** True until the client has acknowledged the OACK. */
  get isNegotiating(): boolean {
    return this.#acknowledged === -1;
  }

  /** True until the client has acknowledged a block of the file. */
  get isFresh(): boolean {
    return this.#acknowledged <= 0;
  }

  start(): Step {
    return this.isNegotiating ? { kind: 'send-options' } : this.#sendWindow();
  }

  /** @param wireBlock the number in the packet */
  acknowledge(wireBlock: number): Step {
    if (this.isNegotiating) {
      if (wireBlock !== 0) return { kind: 'wait' };
      this.#acknowledged = 0;
      return this.#progress();
    }
    const ahead = (wireBlock - this.#acknowledged) & 0xffff;
    if (ahead === 0) return this.#repeatAfterGap();
    // Behind what is acknowledged, or a block that was never sent.
    if (ahead > this.#sent - this.#acknowledged) return { kind: 'wait' };
    this.#acknowledged += ahead;
    if (this.#acknowledged >= this.#lastBlock) return { kind: 'done' };
    return this.#progress();
  }

  /** Nothing came for the timeout. */
  silence(): Step {
    if (this.#sends >= SENDS) return { kind: 'give-up' };
    this.#sends += 1;
    return this.isNegotiating ? { kind: 'send-options' } : this.#sendWindow();
  }

  #progress(): Step {
    this.#sends = 1;
    this.#reactedToDuplicate = false;
    return this.#sendWindow();
  }

  /**
   * The last acknowledgement again. With one block at a time that is an echo of a packet sent twice, and
   * answering it doubles every packet from then on (the sorcerer's apprentice, RFC 1123, section
   * 4.2.3.1): only silence repeats a block. With a window it means that the next block was lost (RFC
   * 7440, section 4), and is acted on once.
   */
  #repeatAfterGap(): Step {
    if (this.#settings.windowSize === 1 || this.#reactedToDuplicate) return { kind: 'wait' };
    this.#reactedToDuplicate = true;
    return this.#sendWindow();
  }

  #sendWindow(): Step {
    const first = this.#acknowledged + 1;
    const last = Math.min(this.#acknowledged + this.#settings.windowSize, this.#lastBlock);
    this.#sent = Math.max(this.#sent, last);
    return { kind: 'send', first, last };
  }
}
