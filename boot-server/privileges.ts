/** From root to a user without rights, once every port is bound. */
import { readFileSync } from 'node:fs';
import { EXIT, OnibError } from '../src/errors.js';

/** @types/node leaves it out. */
const posix = process as typeof process & {
  initgroups?: (user: string, extraGroup: number) => void;
};

/** Acts on all threads: glibc changes the ids of every one. Nothing is done when not started as root. @throws OnibError USER_UNKNOWN */
export function dropPrivileges(user: string): void {
  if (process.getuid?.() !== 0) return;
  const group = findPrimaryGroup(user, readFileSync('/etc/passwd', 'utf8'));
  if (group === undefined) {
    throw new OnibError('USER_UNKNOWN', `Cannot serve as "${user}": no such user`, {
      hint: 'nobody is on every system',
      exitCode: EXIT.usage,
    });
  }
  posix.initgroups?.(user, group);
  process.setgid?.(group);
  process.setuid?.(user);
}

/** @returns the group's number; undefined: /etc/passwd does not name the user */
export function findPrimaryGroup(user: string, passwd: string): number | undefined {
  const fields = passwd
    .split('\n')
    .map((row) => row.split(':'))
    .find(([name]) => name === user);
  return fields?.[3] === undefined ? undefined : Number(fields[3]);
}
