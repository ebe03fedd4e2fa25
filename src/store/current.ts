/** `<store>/current -> releases/<id>`: the one name that changes. */
import { readlink } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../core/errors.js';

/**
 * The id that `current` names, whether that release is there or not; undefined before the first release.
 *
 * @throws {OnibError} `CURRENT_BROKEN` where it is no link, as a copy that follows links makes it
 */
export async function currentId(store: string): Promise<string | undefined> {
  try {
    return path.basename(await readlink(path.join(store, 'current')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== 'EINVAL') throw error;
    const remove = `rm -r ${path.join(store, 'current')}, then onib rollback <id>`;
    throw currentBroken(store, 'it is no link to a release', remove);
  }
}

/** @param hint What to do about it. */
export function currentBroken(store: string, why: string, hint: string): OnibError {
  return new OnibError('CURRENT_BROKEN', `Cannot read "${path.join(store, 'current')}": ${why}`, {
    hint,
  });
}
