/**
 * The keyboard of `onib boot`: every key goes to the node as it is, but the one that ends it.
 * At the console that is Ctrl-C; in the root shell, where Ctrl-C is needed, it is Ctrl-].
 */
import type { ReadStream } from 'node:tty';

const CTRL_C = 0x03;
const CTRL_BRACKET = 0x1d;

export interface Keys {
  /** Bytes for the node. */
  readonly type: Uint8Array;
  /** The key that ends the node was among them; what follows it is dropped. */
  readonly end: boolean;
}

/** What a chunk of the keyboard's bytes means. */
export function readKeys(bytes: Uint8Array, inShell: boolean): Keys {
  const place = bytes.findIndex((byte) => byte === CTRL_BRACKET || (byte === CTRL_C && !inShell));
  return place === -1 ? { type: bytes, end: false } : { type: bytes.subarray(0, place), end: true };
}

/** Hands every chunk from the terminal on, in raw mode, until disposed. */
export function listenToKeyboard(
  terminal: ReadStream,
  onBytes: (bytes: Uint8Array) => void,
): Disposable {
  terminal.setRawMode(true);
  terminal.on('data', onBytes);
  terminal.resume();
  return {
    [Symbol.dispose]: () => {
      terminal.off('data', onBytes);
      terminal.setRawMode(false);
      terminal.pause();
    },
  };
}
