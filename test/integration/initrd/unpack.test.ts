/** An overlay archive unpacked as the initrd does it: busybox around GNU cpio and setfattr. */
import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BootScript } from '../../unit/initrd/boot-script.js';

const run = promisify(execFile);

/**
 * Everything that a tree holds, one path a line: type, mode, owner, links, time, target, device.
 * Times of symbolic links are left out: the GNU cpio of Debian 12 (2.13) does not restore them, 2.15 does.
 */
async function describeTree(directory: string): Promise<string> {
  const { stdout } = await run('sh', [
    '-c',
    `cd "$1" && find . -path ./.onib -prune -o -type d -printf '%p %y %m %U:%G %T@\\n' \\
       -o -type l -printf '%p %y %U:%G %n %l\\n' \\
       -o -printf '%p %y %m %U:%G %n %T@ ' -exec stat -c '%t:%T' {} ';' | LC_ALL=C sort
     find . -path ./.onib -prune -o -type f -exec sha256sum {} + | LC_ALL=C sort
     getfattr -R -h -d -m - -e hex . 2>/dev/null | LC_ALL=C sort`,
    'sh',
    directory,
  ]);
  return stdout;
}

/** Files of every type that Debian's packages and overlayfs bring. */
const makeTree = `
  set -e
  mkdir -p "$1/usr/bin" "$1/opaque" "$1/sticky" "$1/.onib" && cd "$1"
  echo one >usr/bin/one && ln usr/bin/one usr/bin/linked && ln -s /absolute/target usr/bin/link
  echo setuid >usr/bin/setuid && chown 12:34 usr/bin/setuid && chmod 4755 usr/bin/setuid
  mknod usr/bin/removed c 0 0 && mknod null c 1 3 && mkfifo pipe && chmod 1777 sticky
  cp /usr/bin/true usr/bin/capable && setcap cap_net_raw+ep usr/bin/capable
  setfattr -n trusted.overlay.opaque -v y opaque
  echo 'with space' >'usr/a name' && echo umlaut >"usr/$(printf '\\303\\274')" && : >empty
  touch -h -d '2001-02-03 04:05:06' usr/bin/link
  touch -d '2002-02-03 04:05:06' usr/bin/one usr/bin/setuid usr/bin/capable
  touch -d '2003-02-03 04:05:06' null pipe usr/bin/removed empty 'usr/a name'
  touch -d '2004-02-03 04:05:06' usr/bin opaque sticky usr/*
  getfattr -R -h -d -m - -e hex usr opaque >.onib/xattrs
  touch -d '2005-02-03 04:05:06' usr .
  find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --quiet | gzip >"$2"`;

describe('onib_extract', () => {
  it('onib_restore_directory_times() after onib_restore_xattrs() gives back the tree as it was', async () => {
    await using script = await BootScript.create();
    const [tree, unpacked, archive] = [
      script.path('tree'),
      script.path('unpacked'),
      script.path('o.cpio.gz'),
    ];
    await run('sh', ['-c', makeTree, 'sh', tree, archive]);
    await mkdir(unpacked);
    await mkdir(script.path('bin'));
    for (const name of ['cpio', 'setfattr'])
      await symlink(path.join('/usr/bin', name), script.path('bin', name));
    const { stdout, stderr } = await script.run(`
      ONIB_BIN='${script.path('bin')}'
      onib_extract '${archive}' '${unpacked}' && onib_restore_xattrs o '${unpacked}' &&
        onib_restore_directory_times '${archive}' '${unpacked}' && ls -A '${unpacked}'
      echo "$onib_code $onib_detail"`);
    expect(stderr).toBe('');
    expect(stdout).not.toContain('.onib');
    expect(await describeTree(unpacked)).toBe(await describeTree(tree));
  });

  it('onib_extract() notices an archive that ends early', async () => {
    await using script = await BootScript.create();
    const archive = script.path('o.cpio.gz');
    await run('sh', ['-c', makeTree, 'sh', script.path('tree'), archive]);
    await run('truncate', ['-s', '-3000', archive]);
    await mkdir(script.path('unpacked'));
    await mkdir(script.path('bin'));
    await symlink('/usr/bin/cpio', script.path('bin/cpio'));
    const { stdout } = await script.run(`
      ONIB_BIN='${script.path('bin')}'
      onib_extract '${archive}' '${script.path('unpacked')}' 2>/dev/null && echo taken || echo refused`);
    expect(stdout).toBe('refused\n');
  });

  it('onib_unpacked_size() is what gzip says', async () => {
    await using script = await BootScript.create();
    await run('sh', ['-c', 'head -c 5000000 /dev/zero | gzip >"$1"', 'sh', script.path('z.gz')]);
    expect((await script.run(`onib_unpacked_size '${script.path('z.gz')}'`)).stdout).toBe('4883\n');
  });
});
