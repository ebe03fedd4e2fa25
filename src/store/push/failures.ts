/** Why a push failed, from what ssh, rsync and sh say; each with what to do. Pure. */
import { EXIT, OnibError, type OnibErrorOptions } from '../../core/errors.js';
import { lastLines } from '../../core/last-lines.js';
import { destinationText, type Destination } from './destination.js';

interface Failure {
  readonly says: RegExp;
  readonly code: string;
  readonly why: string;
  readonly hint: (destination: Destination, ssh: string) => string;
  readonly exitCode?: OnibErrorOptions['exitCode'];
}

/**
 * The first that fits counts: what is a cause stands before what follows from it. Whatever ends the receiving rsync,
 * the sending one adds that its pipe broke, or that the connection was closed.
 */
const FAILURES: readonly Failure[] = [
  {
    says: /^onib busy/m,
    code: 'BUSY',
    why: 'another push to it is under way',
    hint: () => 'wait until it has ended, then push again',
    exitCode: EXIT.busy,
  },
  {
    says: /No space left on device|Disk quota exceeded/,
    code: 'FAR_FULL',
    why: 'its disk is full',
    hint: () =>
      'free space there (onib gc --store <dir>), then push again: it goes on where it was',
  },
  {
    says: /^setpriv: failed to execute rsync\b/m,
    code: 'COMMAND_MISSING',
    why: 'rsync is not installed here',
    hint: () => 'apt-get install rsync',
    exitCode: EXIT.hostLacks,
  },
  {
    says: /^ssh: (?:line )?\d+: (?:exec: )?ssh: not found|Failed to exec ssh:/m,
    code: 'COMMAND_MISSING',
    why: 'ssh is not installed here',
    hint: () => 'apt-get install openssh-client',
    exitCode: EXIT.hostLacks,
  },
  {
    says: /^ssh: (?:line )?\d+: (?:exec: )?\S+: not found|\[sender\] Failed to exec /m,
    code: 'COMMAND_MISSING',
    why: 'the command of --ssh is not installed here',
    hint: () => 'name with --ssh a command that is here',
    exitCode: EXIT.hostLacks,
  },
  {
    says: /rsync: (?:command )?not found|exec: rsync: not found|sh: \d*:? ?rsync/,
    code: 'FAR_LACKS',
    why: 'rsync is not installed there',
    hint: () => 'apt-get install rsync, on that machine',
    exitCode: EXIT.hostLacks,
  },
  {
    says: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'FAR_UNREACHABLE',
    why: 'ssh does not know the host, or it has another key than before',
    hint: ({ host = '' }, ssh) => `${ssh} ${host} shows its key and asks`,
  },
  {
    says: /Permission denied \([a-z,-]+\)|Too many authentication failures/,
    code: 'FAR_UNREACHABLE',
    why: 'the host does not let this user in with a key',
    hint: ({ host = '' }) => `ssh-copy-id ${host}`,
  },
  {
    says: /\bsymlink ".*" -> ".*" failed: /,
    code: 'FAR_NO_LINKS',
    why: 'its filesystem has no symbolic links, as FAT and exFAT have none',
    hint: () => 'push to an ext4 filesystem: mkfs.ext4 makes one, and erases what is there',
  },
  {
    // Of ssh, a firewall's refusal; of the sending rsync, a file of this machine.
    says: /^(?!ssh: )(?!.*\[sender\])(?:.*: )?(?:Permission denied|Operation not permitted|Read-only file system)/m,
    code: 'FAR_NOT_WRITABLE',
    why: 'this user may not write there',
    hint: ({ host, directory }) =>
      host === undefined
        ? `sudo onib push ${directory}`
        : `chown -R ${/^(.+)@/.exec(host)?.[1] ?? '<user>'}: ${directory} there, or push as its owner`,
    exitCode: EXIT.hostLacks,
  },
  {
    says: /ssh: connect to host|Could not resolve|Connection (?:refused|timed out|reset|closed)|No route to host|Network is unreachable|kex_exchange|Broken pipe|Connection to .* closed|connection unexpectedly closed/,
    code: 'FAR_UNREACHABLE',
    why: 'the host does not answer, or the connection broke off',
    hint: ({ host = '' }, ssh) => `${ssh} ${host} true; then push again: it goes on where it was`,
  },
];

/** @param said what the failing program wrote to standard error */
export function explainFailure(destination: Destination, said: string, ssh: string): OnibError {
  const known = FAILURES.find(({ code, says }) => {
    // A directory of this machine is reached by no connection.
    if (code === 'FAR_UNREACHABLE' && destination.host === undefined) return false;
    return says.test(said);
  });
  const what = `Cannot push to "${destinationText(destination)}"`;
  const details = lastLines(said);
  if (known === undefined) {
    return new OnibError('PUSH_FAILED', `${what}: a command failed`, {
      details,
      hint: 'push again when the cause below is gone: it goes on where it was',
    });
  }
  const { code, why, hint, exitCode = EXIT.failed } = known;
  return new OnibError(code, `${what}: ${why}`, {
    details,
    exitCode,
    hint: hint(destination, ssh),
  });
}
