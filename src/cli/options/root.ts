/** Mounts, namespaces and low ports need root; say so before anything is touched. */
import { EXIT, OnibError } from '../../core/errors.js';

/** @throws {OnibError} `NOT_ROOT` (exit 3). */
export function requireRoot(command: string, why: string): void {
  if (process.getuid?.() === 0) return;
  throw new OnibError('NOT_ROOT', `Cannot run "onib ${command}": it needs root; ${why}`, {
    exitCode: EXIT.hostLacks,
    hint: `sudo onib ${command} …`,
  });
}
