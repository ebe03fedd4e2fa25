/** explainFailure(): what ssh, rsync and sh say, as they say it. */
import { describe, expect, it } from 'vitest';
import { explainFailure } from '../../../../src/store/push/failures.js';

const there = { host: 'me@boot1', rsyncHost: 'me@boot1', directory: '/srv/onib' };
const here = { directory: '/srv/onib' };

/** Of rsync 3.2.7 and dash, whole. */
const diskFull = `\
rsync: [receiver] write failed on "/srv/onib/incoming/big": No space left on device (28)
rsync error: error in file IO (code 11) at receiver.c(401) [receiver=3.2.7]
rsync: [sender] write error: Broken pipe (32)`;
const lockHeld = `\
onib busy
rsync: connection unexpectedly closed (0 bytes received so far) [sender]
rsync error: error in rsync protocol data stream (code 12) at io.c(232) [sender=3.2.7]`;
const lockHeldAsItWrote = `\
onib busy
rsync: [sender] safe_write failed to write 4 bytes to socket: Broken pipe (32)
rsync error: error in IPC code (code 14) at io.c(327) [sender=3.2.7]`;
const receiverKilled = `\
rsync: connection unexpectedly closed (0 bytes received so far) [sender]
rsync error: error in rsync protocol data stream (code 12) at io.c(232) [sender=3.2.7]`;
const notWritable = `\
rsync: [Receiver] mkdir "/srv/onib/incoming" failed: Permission denied (13)
rsync error: error in file IO (code 11) at main.c(800) [Receiver=3.2.7]`;
const noSuchSsh = `\
rsync: [sender] Failed to exec other-ssh: No such file or directory (2)
rsync error: error in IPC code (code 14) at pipe.c(85) [sender=3.2.7]
rsync: connection unexpectedly closed (0 bytes received so far) [sender]
rsync error: error in rsync protocol data stream (code 12) at io.c(232) [sender=3.2.7]`;

describe('explainFailure()', () => {
  it.each([
    [
      'me@boot1: Permission denied (publickey,password).',
      'FAR_UNREACHABLE',
      'ssh-copy-id me@boot1',
    ],
    ['Host key verification failed.', 'FAR_UNREACHABLE', 'ssh me@boot1 shows its key and asks'],
    ['ssh: Could not resolve hostname boot1: Name or service not known', 'FAR_UNREACHABLE', 'true'],
    [
      'ssh: connect to host boot1 port 22: Permission denied',
      'FAR_UNREACHABLE',
      'ssh me@boot1 true',
    ],
    [
      "Could not create directory '/home/me/.ssh' (Permission denied).\nssh: connect to host boot1 port 22: Connection refused",
      'FAR_UNREACHABLE',
      'ssh me@boot1 true',
    ],
    ['client_loop: send disconnect: Broken pipe', 'FAR_UNREACHABLE', 'goes on where it was'],
    [receiverKilled, 'FAR_UNREACHABLE', 'goes on where it was'],
    [diskFull, 'FAR_FULL', 'gc'],
    [notWritable, 'FAR_NOT_WRITABLE', 'chown'],
    ['mkdir: cannot create directory: Read-only file system', 'FAR_NOT_WRITABLE', 'chown'],
    ['objects: Permission denied', 'FAR_NOT_WRITABLE', 'chown -R me: /srv/onib'],
    [
      'rsync: [generator] symlink "/mnt/incoming/r1/ipxe.efi" -> "../../objects/0f" failed: Operation not permitted (1)',
      'FAR_NO_LINKS',
      'ext4',
    ],
    ['sh: 1: exec: rsync: not found', 'FAR_LACKS', 'apt-get install rsync, on that machine'],
    [lockHeld, 'BUSY', 'wait'],
    [lockHeldAsItWrote, 'BUSY', 'wait'],
    ['something else', 'PUSH_FAILED', 'push again'],
  ])('explainFailure() of %s', (said, code, hint) => {
    const error = explainFailure(there, said, 'ssh');
    expect(error).toMatchObject({ code, details: said.split('\n') });
    expect(error.hint).toContain(hint);
  });

  it.each([
    [
      'ssh: 1: exec: ssh: not found',
      /ssh is not installed here$/,
      'apt-get install openssh-client',
    ],
    [
      'setpriv: failed to execute rsync: No such file or directory',
      /rsync is not installed here$/,
      'apt-get install rsync',
    ],
    ['ssh: 1: exec: other-ssh: not found', /command of --ssh is not installed here$/, '--ssh'],
    [noSuchSsh, /command of --ssh is not installed here$/, '--ssh'],
  ])('explainFailure() tells of %s that it is missing here', (said, message, hint) => {
    const error = explainFailure(there, said, 'ssh');
    expect(error).toMatchObject({ code: 'COMMAND_MISSING', exitCode: 3 });
    expect(error.message).toMatch(message);
    expect(error.hint).toContain(hint);
  });

  it.each([
    [diskFull, 'FAR_FULL'],
    [lockHeld, 'BUSY'],
    [receiverKilled, 'PUSH_FAILED'],
  ])('explainFailure() names no connection where a directory fails by %s', (said, code) => {
    expect(explainFailure(here, said, 'ssh').code).toBe(code);
  });
});
