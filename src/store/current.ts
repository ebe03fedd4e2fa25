/** `<store>/current -> releases/<id>`: the one name that changes. */
import { readlink, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../core/errors.js';
import { syncDirectory } from '../host/sync-directory.js';

/** Whoever holds the switch lock has it for a moment; a push from another machine too. */
const NEXT_CURRENT = '.next-current';

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

/** Makes a release that is there the current one, by one rename. For whoever holds the switch lock. */
export async function setCurrent(store: string, id: string): Promise<void> {
  const next = path.join(store, NEXT_CURRENT);
  await rm(next, { force: true });
  await symlink(path.join('releases', id), next);
  await rename(next, path.join(store, 'current'));
  await syncDirectory(store);
}
