/** What the kernel and the hardware must be able to do, each tried for real in namespaces that end with the trial. */
import { readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import { COMPRESSOR_ID } from '../../archive/squashfs/format/format.js';
import { NativeCompressor } from '../../native/libsquashfs.js';
import { OnibError } from '../../core/errors.js';
import { run } from '../../host/run.js';
import { formatBytes } from '../show/format.js';
import { lacks, note, ok, type Check, type Finding } from './finding.js';
import { installCommand, LOAD_NETWORK_MODULES } from './fixes.js';

const GB = 1_000_000_000;
const DISK_NEEDED = 3 * GB;
const MEMORY_NEEDED = 3 * GB;

/** Mounts a tmpfs and an overlay over it, writes through it, and looks at both. */
const OVERLAY_TRIAL = `
set -e
mount -t tmpfs none /mnt
cd /mnt
mkdir lower upper work union
echo below >lower/file
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none union
rm union/file
echo above >union/other
test -f upper/other
test -c upper/file`;

const SQUASHFS_TRIAL = `
grep -qw squashfs /proc/filesystems || modprobe squashfs
grep -qw squashfs /proc/filesystems
test -e /dev/loop-control || modprobe loop
test -e /dev/loop-control`;

const NETWORK_TRIAL = `
set -e
ip link add br0 type bridge
ip tuntap add tap0 mode tap
ip link set tap0 master br0 up`;

async function trial(argv: readonly string[], does: string, fix?: string): Promise<Finding> {
  if (process.getuid?.() !== 0) return note('not tried: it takes root', 'sudo onib doctor');
  try {
    await run(argv, { timeout: 20 });
    return ok(does);
  } catch (error) {
    const details = error instanceof OnibError ? error.details : [];
    const reason = error instanceof Error ? error.message : String(error);
    return lacks(details.at(-1) ?? reason, fix);
  }
}

function inNamespace(namespace: '--mount' | '--net', script: string): string[] {
  const propagation = namespace === '--mount' ? ['--propagation', 'private'] : [];
  return ['unshare', namespace, ...propagation, 'sh', '-c', script];
}

function probeNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 20 ? ok(process.versions.node) : lacks(`${process.versions.node}; 20 is needed`);
}

function probeRoot(): Finding {
  return process.getuid?.() === 0
    ? ok('root')
    : note('not root: build, boot and serve on ports below 1024 need it', 'sudo onib doctor');
}

/** Compresses a block with each compressor that onib offers, as the packer does. */
function probeLibsquashfs(): Finding {
  const block = Buffer.alloc(131_072, 'onib');
  try {
    const compressors = Object.entries(COMPRESSOR_ID);
    for (const [name, id] of compressors) {
      const compressor = new NativeCompressor({
        id,
        blockSize: block.length,
        flags: 0,
        level: undefined,
      });
      const output = Buffer.alloc(block.length);
      const size = compressor.runSync(block, block.length, output, output.length);
      compressor.close();
      if (size <= 0) return lacks(`${name} gives ${size}`, installCommand('libsquashfs1'));
    }
    return ok(`compresses ${compressors.map(([name]) => name).join(', ')}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return lacks(reason, installCommand('libsquashfs1'));
  }
}

/** The nearest directory upward that exists: the store may not be there yet. */
async function spaceAt(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return await spaceAt(path.dirname(directory));
  }
}

async function probeDisk(store: string): Promise<Finding> {
  const free = await spaceAt(store);
  const seen = `${formatBytes(free)} free for ${store}`;
  return free >= DISK_NEEDED ? ok(seen) : lacks(`${seen}; ${formatBytes(DISK_NEEDED)} are needed`);
}

async function probeMemory(): Promise<Finding> {
  const meminfo = await readFile('/proc/meminfo', 'utf8');
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1] ?? 0) * 1024;
  const seen = `${formatBytes(available)} available`;
  return available >= MEMORY_NEEDED
    ? ok(seen)
    : note(`${seen}; trees are built in memory and take up to ${formatBytes(MEMORY_NEEDED)}`);
}

/** @param store Directory that will hold the builds. */
export function machineChecks(store: string): Check[] {
  const now = (probe: () => Finding) => (): Promise<Finding> => Promise.resolve(probe());
  return [
    { name: 'node', purpose: 'all', probe: now(probeNode) },
    { name: 'root', purpose: 'all', probe: now(probeRoot) },
    { name: 'disk', purpose: 'build', probe: () => probeDisk(store) },
    { name: 'memory', purpose: 'build', probe: probeMemory },
    { name: 'libsquashfs', purpose: 'build', probe: now(probeLibsquashfs) },
    {
      name: 'overlayfs',
      purpose: 'build',
      probe: () =>
        trial(inNamespace('--mount', OVERLAY_TRIAL), 'mounts, whiteouts work', 'modprobe overlay'),
    },
    {
      name: 'squashfs and loop',
      purpose: 'build',
      probe: () =>
        trial(['sh', '-c', SQUASHFS_TRIAL], 'in the kernel', 'modprobe -a squashfs loop'),
    },
    {
      name: 'virtual network',
      purpose: 'boot',
      probe: () =>
        trial(
          inNamespace('--net', NETWORK_TRIAL),
          'namespace, bridge and tap work',
          LOAD_NETWORK_MODULES,
        ),
    },
  ];
}
