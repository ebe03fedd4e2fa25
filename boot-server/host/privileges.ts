/** From root to a user without rights, once every port is bound. */
import { readFileSync } from 'node:fs';
import { EXIT, OnibError } from '../../src/core/errors.js';

/** @types/node leaves it out. */
const posix = process as typeof process & {
  initgroups?: (user: string, extraGroup: number) => void;
};

/** What the user must be able to write from now on. */
interface Handover {
  handOver(user: number, group: number): void;
}

/** Acts on all threads: glibc changes the ids of every one. Nothing is done when not started as root. @throws OnibError USER_UNKNOWN */
export function dropPrivileges(user: string, files: Handover): void {
  if (process.getuid?.() !== 0) return;
  const ids = findIds(user, readFileSync('/etc/passwd', 'utf8'));
  if (ids === undefined) {
    throw new OnibError('USER_UNKNOWN', `Cannot serve as "${user}": no such user`, {
      hint: 'nobody is on every system',
      exitCode: EXIT.usage,
    });
  }
  files.handOver(ids.user, ids.group);
  posix.initgroups?.(user, ids.group);
  process.setgid?.(ids.group);
  process.setuid?.(user);
}

/** @returns the numbers of user and primary group; undefined: /etc/passwd does not name the user */
export function findIds(
  user: string,
  passwd: string,
): { readonly user: number; readonly group: number } | undefined {
  const fields = passwd
    .split('\n')
    .map((row) => row.split(':'))
    .find(([name]) => name === user);
  if (fields?.[2] === undefined || fields[3] === undefined) return undefined;
  return { user: Number(fields[2]), group: Number(fields[3]) };
}
