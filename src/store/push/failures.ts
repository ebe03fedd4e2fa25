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

/** The first that fits counts. */
const FAILURES: readonly Failure[] = [
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
    says: /Could not resolve|Connection (?:refused|timed out|reset|closed)|No route to host|Network is unreachable|kex_exchange|Broken pipe|Connection to .* closed/,
    code: 'FAR_UNREACHABLE',
    why: 'the host does not answer, or the connection broke off',
    hint: ({ host = '' }, ssh) => `${ssh} ${host} true; then push again: it goes on where it was`,
  },
  {
    says: /onib busy/,
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
    says: /Permission denied|Operation not permitted|Read-only file system/,
    code: 'FAR_NOT_WRITABLE',
    why: 'this user may not write there',
    hint: ({ host, directory }) =>
      host === undefined
        ? `sudo onib push ${directory}`
        : `chown ${directory} there, or push as its owner`,
    exitCode: EXIT.hostLacks,
  },
  {
    says: /rsync: (?:command )?not found|exec: rsync: not found|sh: \d*:? ?rsync/,
    code: 'FAR_LACKS',
    why: 'rsync is not installed',
    hint: () => 'apt-get install rsync',
    exitCode: EXIT.hostLacks,
  },
];

/** @param said what the failing program wrote to standard error */
export function explainFailure(destination: Destination, said: string, ssh: string): OnibError {
  const known = FAILURES.find(({ says }) => says.test(said));
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
