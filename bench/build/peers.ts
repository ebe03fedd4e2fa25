/**
 * What somebody writes who has no image builder: a script around mmdebstrap or debootstrap, mksquashfs and
 * mkinitramfs, with the packages of the default project; and live-build's netboot image of them.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { shellCommand } from '../../src/host/shell-words.js';
import { aptSources, readHostApt } from '../../src/facts/apt/apt-sources.js';
import { loadProject } from '../../src/project/load.js';
import { parseLock } from '../../src/lock/file.js';

export interface PeerScripts {
  /** Paths of shell scripts. */
  readonly base: string;
  readonly all: string;
  readonly debootstrap: string;
  readonly 'live-build': string;
}

const ARCHIVES = '/var/cache/onib/archives';
const PACK =
  'mksquashfs "$TREE" "$OUT/base.squashfs" -comp zstd -Xcompression-level 15 -no-progress -quiet';
const INITRD = `chroot "$KERNEL" sh -c 'mkinitramfs -o /initrd.img "$(ls /lib/modules)"'
mksquashfs "$KERNEL/lib/modules" "$OUT/modules.squashfs" -comp zstd -Xcompression-level 15 -no-progress -quiet
cp "$KERNEL"/boot/vmlinuz-* "$KERNEL/initrd.img" "$OUT/"`;

/** @param project A project that was built: its lock names the packages. */
export async function peerScripts(project: string, work: string): Promise<PeerScripts> {
  const lock = parseLock(await readFile(path.join(project, 'onib.lock'), 'utf8'));
  // debootstrap knows one suite, which may have another kernel than its updates: the metapackage brings it.
  const names = (image: string): string =>
    (lock[image]?.packages ?? [])
      .map(({ name }) => name)
      .filter((name) => !/^linux-image-\d/.test(name))
      .join(',');
  const host = await readHostApt();
  const { debian = '' } = host.mirror;
  const sources = shellCommand(aptSources((await loadProject(project)).settings, host).lines);
  const [base, kernel] = [names('base'), names('kernel')];
  const mmdebstrap = (packages: string, tree: string): string =>
    `mmdebstrap --mode=root --variant=minbase --include=${packages} --aptopt='Acquire::Languages "none"' \\
  --setup-hook='mkdir -p "$1/var/cache/apt/archives" && mount --bind ${ARCHIVES} "$1/var/cache/apt/archives"' \\
  --customize-hook='umount "$1/var/cache/apt/archives"' --skip=download/empty,essential/unlink \\
  trixie ${tree} ${sources}`;
  const debootstrap = (packages: string, tree: string): string =>
    `debootstrap --variant=minbase --include=${packages} --cache-dir=${ARCHIVES} trixie ${tree} ${debian}`;
  const write = async (name: string, body: readonly string[]): Promise<string> => {
    const out = path.join(work, `${name}-out`);
    await mkdir(out, { recursive: true });
    const file = path.join(work, `${name}.sh`);
    const head = [
      ...['set -eu', 'mount --make-rprivate /', `mount -t tmpfs tmpfs ${out}`],
      ...[`OUT=${out} TREE=${out}/tree KERNEL=${out}/kernel INITRD=No LC_ALL=C.UTF-8`],
      'export INITRD LC_ALL',
    ];
    await writeFile(file, `${[...head, ...body].join('\n')}\n`);
    return file;
  };
  const both = (make: typeof mmdebstrap): string[] => [
    make(base, '"$TREE"'),
    make(kernel, '"$KERNEL"'),
    PACK,
    INITRD,
  ];
  return {
    base: await write('base', [mmdebstrap(base, '"$TREE"'), PACK]),
    all: await write('all', both(mmdebstrap)),
    debootstrap: await write('debootstrap', both(debootstrap)),
    'live-build': await write('live-build', liveBuild(debian, base)),
  };
}

function liveBuild(mirror: string, packages: string): string[] {
  const mirrors = ['bootstrap', 'chroot', 'binary'].map((stage) => `--mirror-${stage} ${mirror}/`);
  return [
    'mkdir "$OUT/live" && cd "$OUT/live"',
    `lb config --distribution trixie --binary-images netboot --architecture amd64 --apt-recommends false \\
  --linux-flavours amd64 --debian-installer none --security false --memtest none --firmware-chroot false \\
  --chroot-squashfs-compression-type zstd --cache false ${mirrors.join(' ')}`,
    `mkdir -p config/package-lists && echo ${packages.replaceAll(',', ' ')} >config/package-lists/all.list.chroot`,
    'lb build >lb.log 2>&1 || { tail -40 lb.log >&2; exit 1; }',
  ];
}
