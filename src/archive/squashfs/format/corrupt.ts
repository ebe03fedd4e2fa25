/** The error for an image that is damaged, or made to do harm. */
import { OnibError } from '../../../core/errors.js';

/** `Cannot read the squashfs image: <what is so>`; the caller that knows the file's name adds it. */
export function corrupt(what: string): OnibError {
  return new OnibError('ARCHIVE_CORRUPT', `Cannot read the squashfs image: ${what}`);
}

/** A 64-bit field as a number; what does not fit cannot be a place in any file. */
export function safeNumber(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(`${what} is ${String(value)}`);
  return Number(value);
}
