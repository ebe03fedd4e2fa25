/** Locks that the kernel holds for an open file, and gives up with it (flock(2)). */
import { failedWith, libcCall, systemError } from './libc.js';

const LOCK_EX = 2;
const LOCK_NB = 4;

const flock = libcCall('int flock(int descriptor, int operation)') as (
  descriptor: number,
  operation: number,
) => number;

/** Takes the exclusive lock of an open file; false when another one holds it. */
export function tryLock(descriptor: number): boolean {
  if (flock(descriptor, LOCK_EX | LOCK_NB) === 0) return true;
  if (failedWith('EWOULDBLOCK')) return false;
  throw systemError('flock');
}
