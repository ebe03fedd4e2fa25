/** explainFailure(): what ssh, rsync and sh say, as they say it. */
import { describe, expect, it } from 'vitest';
import { explainFailure } from '../../../../src/store/push/failures.js';

const there = { host: 'me@boot1', rsyncHost: 'me@boot1', directory: '/srv/onib' };

describe('explainFailure()', () => {
  it.each([
    [
      'me@boot1: Permission denied (publickey,password).',
      'FAR_UNREACHABLE',
      'ssh-copy-id me@boot1',
    ],
    ['Host key verification failed.', 'FAR_UNREACHABLE', 'ssh me@boot1 shows its key and asks'],
    ['ssh: Could not resolve hostname boot1: Name or service not known', 'FAR_UNREACHABLE', 'true'],
    ['client_loop: send disconnect: Broken pipe', 'FAR_UNREACHABLE', 'goes on where it was'],
    ['rsync: [receiver] write failed on "x": No space left on device (28)', 'FAR_FULL', 'gc'],
    ['rsync: mkdir "/srv" failed: Permission denied (13)', 'FAR_NOT_WRITABLE', 'chown'],
    ['mkdir: cannot create directory: Read-only file system', 'FAR_NOT_WRITABLE', 'chown'],
    ['sh: 1: exec: rsync: not found', 'FAR_LACKS', 'apt-get install rsync'],
    ['onib busy\nrsync error: error in rsync protocol data stream (code 12)', 'BUSY', 'wait'],
    ['something else', 'PUSH_FAILED', 'push again'],
  ])('explainFailure() of %s', (said, code, hint) => {
    const error = explainFailure(there, said, 'ssh');
    expect(error).toMatchObject({ code, details: said.split('\n') });
    expect(error.hint).toContain(hint);
  });
});
