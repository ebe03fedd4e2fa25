/** What a push that broke off has left in `incoming`, and that no push came back for. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import { FileLock } from '../../host/file-lock.js';
import { namesIn } from '../../host/names-in.js';
import type { Store } from '../store.js';

/** So long a push may take to come back: it goes on with what is there. */
export const ABANDONED_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Lets `use` have what was abandoned; no push begins meanwhile. While one is at work nothing is.
 *
 * @param now Milliseconds since 1970.
 */
export async function withAbandoned<T>(
  store: Store,
  now: number,
  use: (paths: readonly string[]) => Promise<T>,
): Promise<T> {
  const incoming = path.join(store.directory, 'incoming');
  const names = await namesIn(incoming);
  await using lock = names.length === 0 ? undefined : await takePushLock(store);
  if (lock === undefined) return await use([]);
  const abandoned: string[] = [];
  for (const name of names) {
    const file = path.join(incoming, name);
    // rsync gives an arrival the time of its source: when it arrived, its change time says.
    if (now - (await stat(file)).ctimeMs > ABANDONED_DAYS * DAY_MS) abandoned.push(file);
  }
  return await use(abandoned);
}

async function takePushLock(store: Store): Promise<FileLock | undefined> {
  try {
    return await FileLock.take(path.join(store.directory, 'push.lock'), 'onib gc');
  } catch (error) {
    if (error instanceof OnibError && error.code === 'BUSY') return undefined;
    throw error;
  }
}
