/** Errors that packing meets in a tree, with the path that they are about. */
import { OnibError, type OnibErrorOptions } from '../../core/errors.js';
import { displayName, joinPath, type ByteString } from '../../core/byte-string.js';

/** `Cannot pack "<tree>/<path>": <what is so>`. */
export function packError(
  tree: ByteString,
  relative: ByteString,
  code: string,
  what: string,
  options: OnibErrorOptions = {},
): OnibError {
  const full = relative === '' ? tree : joinPath(tree, relative);
  return new OnibError(code, `Cannot pack "${displayName(full)}": ${what}`, options);
}

/** A system error met while reading a path of the tree. */
export function readError(tree: ByteString, relative: ByteString, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof OnibError) return error;
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      return changedError(tree, relative, 'it vanished while the tree was being packed');
    case 'EACCES':
    case 'EPERM':
      return packError(tree, relative, 'PACK_UNREADABLE', 'it may not be read', {
        hint: 'run as root',
        cause: error,
      });
    default:
      return packError(tree, relative, 'PACK_UNREADABLE', error.message, { cause: error });
  }
}

export function changedError(tree: ByteString, relative: ByteString, what: string): OnibError {
  return packError(tree, relative, 'PACK_TREE_CHANGED', what, {
    hint: 'stop what still writes to the tree, then pack again',
  });
}
