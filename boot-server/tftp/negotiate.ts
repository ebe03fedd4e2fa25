/**
 * What the options of a read request come to: RFC 2348 (blksize), 2349 (timeout, tsize), 7440
 * (windowsize). Pure. An option with a value that its RFC rules out is left out of the answer, as if
 * it had not been sent (RFC 2347).
 */

export interface TransferSettings {
  /** Bytes in a block. */
  readonly blockSize: number;
  /** Blocks sent before an acknowledgement is waited for. */
  readonly windowSize: number;
  /** Seconds of silence after which blocks are sent again. */
  readonly timeout: number;
  /** Seconds of silence after which the OACK is sent again. */
  readonly optionTimeout: number;
  /** What the OACK says; empty: send none, start with block 1. */
  readonly accepted: ReadonlyMap<string, string>;
}

/** A block of 1468 bytes with its headers fills an Ethernet frame; larger ones would be cut in fragments, which PXE ROMs drop. */
const LARGEST_BLOCK = 1468;
/** More gains nothing on a switched network and overruns the receive ring of small firmware. */
const LARGEST_WINDOW = 64;
/**
 * Longer than clients take to repeat their request or their acknowledgement, so that the lead is theirs: atftp takes
 * an OACK that comes again after it has answered the first one for an error, and breaks off.
 */
const OPTION_TIMEOUT = 10;

export function negotiate(options: ReadonlyMap<string, string>, size: number): TransferSettings {
  const accepted = new Map<string, string>();
  const settings = { blockSize: 512, windowSize: 1, timeout: 1, optionTimeout: OPTION_TIMEOUT };

  const blockSize = readNumber(options.get('blksize'), 8, 65464);
  if (blockSize !== undefined) {
    settings.blockSize = Math.min(blockSize, LARGEST_BLOCK);
    accepted.set('blksize', String(settings.blockSize));
  }
  if (options.has('tsize')) accepted.set('tsize', String(size));
  const timeout = readNumber(options.get('timeout'), 1, 255);
  if (timeout !== undefined) {
    settings.timeout = timeout;
    settings.optionTimeout = Math.max(timeout, OPTION_TIMEOUT);
    accepted.set('timeout', String(timeout));
  }
  const windowSize = readNumber(options.get('windowsize'), 1, 65535);
  if (windowSize !== undefined) {
    settings.windowSize = Math.min(windowSize, LARGEST_WINDOW);
    accepted.set('windowsize', String(settings.windowSize));
  }
  return { ...settings, accepted };
}

function readNumber(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^\d{1,6}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}
