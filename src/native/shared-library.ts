/**
 * Debian's libraries through koffi.
 *
 * Node's executable exports the zlib (and, since Node 22, the zstd) that is built into it. Loaded as usual,
 * a library that calls `deflate` would call Node's: other bytes with another Node, and, where half of zlib
 * calls the other half of another version, broken memory. `deep` (RTLD_DEEPBIND of dlopen(3)) lets a
 * library and what it brings along find its own symbols first.
 */
import koffi, { type LibraryHandle } from 'koffi';
import { EXIT, OnibError } from '../core/errors.js';

/** Kept: koffi unloads a library when its last handle is collected. */
const loaded = new Map<string, LibraryHandle>();

/** @throws {OnibError} `code` (exit 3) when the library is not installed */
export function sharedLibrary(
  file: string,
  debianPackage: string,
  code = 'LIBRARY_MISSING',
): LibraryHandle {
  let library = loaded.get(file);
  if (library !== undefined) return library;
  try {
    library = koffi.load(file, { deep: true });
  } catch (error) {
    throw new OnibError(code, `Cannot load "${file}": the library is not installed`, {
      hint: `apt-get install ${debianPackage}`,
      exitCode: EXIT.hostLacks,
      cause: error,
    });
  }
  loaded.set(file, library);
  return library;
}
