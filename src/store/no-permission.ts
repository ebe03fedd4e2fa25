/** A store belongs to whoever builds into it, mostly root: what another user is told. */
import { EXIT, OnibError } from '../core/errors.js';

const REFUSALS = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Runs `change`; that this user may not write there is an error with a way out.
 *
 * @param command What was called: `onib gc`
 * @throws {OnibError} `STORE_NOT_WRITABLE` (exit 3)
 */
export async function changingStore<T>(
  directory: string,
  command: string,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await change();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!REFUSALS.has(code)) throw error;
    const why = code === 'EROFS' ? 'it is mounted read-only' : 'this user may not write there';
    throw new OnibError('STORE_NOT_WRITABLE', `Cannot change store "${directory}": ${why}`, {
      exitCode: EXIT.hostLacks,
      hint: code === 'EROFS' ? 'mount it for writing' : `sudo ${command} …`,
      cause: error,
    });
  }
}
