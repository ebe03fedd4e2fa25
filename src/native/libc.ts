/** libc through koffi: loaded once, its failures in the shape of Node's own system errors. */
import { getSystemErrorMap } from 'node:util';
import koffi, { type LibraryHandle } from 'koffi';
import { bytesOf, type ByteString } from '../core/byte-string.js';
import { callsOf } from './calls.js';

let library: LibraryHandle | undefined;

/** Declares a function of libc. */
export const libcCall = callsOf(() => {
  library ??= koffi.load('libc.so.6');
  return library;
});

/** Whether the last call failed with this error: a name of errno(3). */
export function failedWith(code: string): boolean {
  return koffi.errno() === koffi.os.errno[code];
}

/** The last call's failure: `code`, a negative `errno`, `syscall` and, where there is one, `path`. */
export function systemError(call: string, path?: string): NodeJS.ErrnoException {
  const errno = koffi.errno();
  const [known, words = 'system error'] = getSystemErrorMap().get(-errno) ?? [];
  const named = Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0];
  const code = known ?? named ?? `E${String(errno)}`;
  const where = path === undefined ? '' : ` '${path}'`;
  return Object.assign(new Error(`${code}: ${words}, ${call}${where}`), {
    ...{ code, errno: -errno, syscall: call },
    ...(path === undefined ? {} : { path }),
  });
}

/** A path or name as C takes it. */
export function cString(text: ByteString): Buffer {
  return bytesOf(`${text}\0`);
}
