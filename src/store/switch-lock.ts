/**
 * The lock that whoever changes `current`, pins or the set of releases holds for a moment:
 *
 *   <store>/switch.lock
 *
 * It is another one than the lock of builds, so that a rollback does not wait for a build.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { OnibError } from '../core/errors.js';
import { FileLock } from '../host/file-lock.js';
import { changingStore } from './no-permission.js';
import type { Store } from './store.js';

const RETRY_MS = 20;
/** A switch takes milliseconds; listing many releases on a slow disk takes seconds. */
const PATIENCE_MS = 30_000;

/** @throws {OnibError} `BUSY` (exit 4) when another process holds it for long; `STORE_NOT_WRITABLE` (exit 3) */
export async function takeSwitchLock(store: Store, holder: string): Promise<FileLock> {
  const file = path.join(store.directory, 'switch.lock');
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await changingStore(store.directory, holder, () => FileLock.take(file, holder));
    } catch (error) {
      const isBusy = error instanceof OnibError && error.code === 'BUSY';
      if (!isBusy || performance.now() > end) throw error;
      await sleep(RETRY_MS);
    }
  }
}
