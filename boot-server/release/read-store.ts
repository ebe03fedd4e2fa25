/**
 * What a store holds at this moment, and what is wrong with it: a path that is no store, or a copy that lacks a
 * part, must not pass for a store without a release.
 */
import { readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { isFileName } from '../../src/contract/forms.js';
import { EXIT, OnibError } from '../../src/core/errors.js';

export interface StoreState {
  /** What `current` names; undefined: there is no `current`. */
  readonly currentId: string | undefined;
  /** Ids of all releases, sorted. */
  readonly ids: readonly string[];
  /** Parts that are missing; what is there can be served all the same. */
  readonly problems: readonly OnibError[];
}

const COPY_WHOLE = 'copy the whole store with its links: onib push, or rsync -a';

/** @throws {OnibError} STORE_MISSING (exit 2), STORE_UNREADABLE */
export async function readStore(store: string): Promise<StoreState> {
  try {
    await requireDirectory(store);
    const problems: OnibError[] = [];
    // A release is there before `current` names it: in this order none seems to be missing.
    const currentId = await readCurrentId(store, problems);
    const ids = await readReleaseIds(store);
    if (currentId !== undefined && !ids.includes(currentId)) {
      problems.push(danglingCurrent(store, currentId));
    }
    if (ids.length > 0 && !(await isDirectory(path.join(store, 'objects')))) {
      problems.push(
        new OnibError('OBJECTS_MISSING', `Cannot serve store "${store}": it has no "objects"`, {
          hint: COPY_WHOLE,
        }),
      );
    }
    return { currentId, ids, problems };
  } catch (error) {
    if (error instanceof OnibError) throw error;
    const words = error instanceof Error ? error.message : String(error);
    throw new OnibError('STORE_UNREADABLE', `Cannot read the store "${store}": ${words}`, {
      hint: 'the user that the server runs as must be able to read it',
      cause: error,
    });
  }
}

async function requireDirectory(store: string): Promise<void> {
  const stats = await stat(store).catch(absentAsUndefined);
  if (stats?.isDirectory() === true) return;
  const why = stats === undefined ? 'there is no such directory' : 'it is no directory';
  throw new OnibError('STORE_MISSING', `Cannot serve store "${store}": ${why}`, {
    exitCode: EXIT.usage,
    hint: 'onib build all makes one, onib push copies one; --store <dir> names another',
  });
}

/** `current` is a link to `releases/<id>`. */
async function readCurrentId(store: string, problems: OnibError[]): Promise<string | undefined> {
  try {
    return path.basename(await readlink(path.join(store, 'current')));
  } catch (error) {
    if (codeOf(error) === 'EINVAL') {
      problems.push(
        new OnibError('CURRENT_NO_LINK', `Cannot serve store "${store}": "current" is no link`, {
          hint: COPY_WHOLE,
        }),
      );
      return undefined;
    }
    absentAsUndefined(error);
    return undefined;
  }
}

async function readReleaseIds(store: string): Promise<string[]> {
  const names = await readdir(path.join(store, 'releases')).catch(absentAsUndefined);
  return (names ?? []).filter((name) => isFileName(name)).sort();
}

function danglingCurrent(store: string, id: string): OnibError {
  return new OnibError(
    'CURRENT_DANGLING',
    `Cannot serve store "${store}": "current" names release ${id}, which is not there`,
    { hint: `${COPY_WHOLE}; onib activate <id> names a release that is there` },
  );
}

async function isDirectory(directory: string): Promise<boolean> {
  return (await stat(directory).catch(absentAsUndefined))?.isDirectory() ?? false;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** @throws what is no sign of absence */
function absentAsUndefined(error: unknown): undefined {
  if (isAbsent(error)) return undefined;
  throw error;
}

/** No such file, or a file where a directory should be. */
export function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}
