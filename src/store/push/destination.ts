/** Where a release is pushed to: `/srv/onib`, `user@host:/srv/onib`, `user@[2001:db8::1]:/srv/onib`. Pure. */
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';

export interface Destination {
  /** As ssh takes it, without brackets; absent: a directory of this machine. */
  readonly host?: string;
  /** The host as rsync takes it. */
  readonly rsyncHost?: string;
  /** Absolute on this machine; on a host also relative to the user's home. */
  readonly directory: string;
}

const ON_HOST = /^((?:[^@/:]+@)?(?:\[([^\]/]+)\]|[^/:@[\]]+)):(.*)$/s;

/**
 * A colon before the first slash makes a host of what stands before it, as for scp and rsync.
 *
 * @param from absolute directory that a relative path starts from
 * @throws {OnibError} `USAGE` (exit 2)
 */
export function parseDestination(text: string, from: string): Destination {
  if (/^rsync:\/\/|^[^/]*::/.test(text) && !text.includes('[')) {
    throw unusable(text, 'an rsync daemon has no shell to switch the release with');
  }
  const match = ON_HOST.exec(text);
  if (match === null) {
    if (text === '') throw unusable(text, 'it is empty');
    return { directory: path.resolve(from, text) };
  }
  const [, rsyncHost = '', , rest = ''] = match;
  if (text.startsWith('-')) throw unusable(text, 'a host does not begin with "-"');
  const directory = rest.replace(/^~\/+/, '');
  if (/^(?:~.*)?$/.test(directory)) throw unusable(text, 'it names no directory of the host');
  return {
    host: rsyncHost.replace(/\[(.*)\]/, '$1'),
    rsyncHost,
    directory: directory.startsWith('/') ? directory : `./${directory}`,
  };
}

/** As the user wrote it, for messages. */
export function destinationText({ rsyncHost, directory }: Destination): string {
  return rsyncHost === undefined ? directory : `${rsyncHost}:${directory}`;
}

function unusable(text: string, why: string): OnibError {
  return new OnibError('USAGE', `Cannot push to "${text}": ${why}`, {
    exitCode: EXIT.usage,
    hint: 'onib push user@host:/srv/onib',
  });
}
