/** A name for an open file that has none: linkat(2) on what open(2) made with O_TMPFILE. */
import { byteString } from '../core/byte-string.js';
import { cString, libcCall, systemError } from './libc.js';

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;

const linkat = libcCall(
  'int linkat(int from, uint8_t *path, int to, uint8_t *name, int flags)',
) as (from: number, path: Buffer, to: number, name: Buffer, flags: number) => number;

/**
 * Gives an open file the name `file`.
 *
 * @throws an error of the system, with `EEXIST` as its code when there is a file of that name
 */
export function linkDescriptor(descriptor: number, file: string): void {
  // Through /proc, since AT_EMPTY_PATH wants CAP_DAC_READ_SEARCH.
  const open = cString(`/proc/self/fd/${String(descriptor)}`);
  if (linkat(AT_FDCWD, open, AT_FDCWD, cString(byteString(file)), AT_SYMLINK_FOLLOW) !== 0) {
    throw systemError('linkat', file);
  }
}
