/** What is mounted over directories of a tree while provisioners run: every Debian tree has them. */
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Mounts } from '../../host/mounts.js';
import { run } from '../../host/run.js';
import { LOCKED_IN_TREE } from '../apt/locked-repository.js';
import { TOOLBOX_IN_TREE } from './python-toolbox.js';

export interface BuildTimeMounts {
  readonly tree: string;
  /** Squashfs file of the Python toolbox. */
  readonly toolbox: string;
  /** Directories that take the place of /var/lib/apt/lists and /var/cache/apt/archives. */
  readonly lists: string;
  readonly archives: string;
  /** Repository of locked packages. */
  readonly repository?: string;
}

/** Mounts kernel filesystems, private /run and /tmp, apt's caches and the toolbox into a tree. */
export async function mountForBuild(mounts: Mounts, what: BuildTimeMounts): Promise<void> {
  const inTree = (name: string): string => path.join(what.tree, name);
  const made = await Promise.allSettled([
    mounts.proc(inTree('proc')),
    mounts.sysfs(inTree('sys')),
    mountDev(mounts, inTree('dev')),
    mountRun(mounts, what),
    mounts.tmpfs(inTree('tmp'), 'mode=1777,nosuid,nodev'),
    mounts.bind(what.lists, inTree('var/lib/apt/lists')),
    mountAptCache(mounts, inTree('var/cache/apt'), what.archives),
  ]);
  // None may be under way any more when what is mounted is undone.
  for (const result of made) if (result.status === 'rejected') throw result.reason;
}

async function mountRun(
  mounts: Mounts,
  { tree, toolbox, repository }: BuildTimeMounts,
): Promise<void> {
  const inTree = (name: string): string => path.join(tree, name);
  await mounts.tmpfs(inTree('run'), 'mode=0755,nosuid,nodev');
  await mkdir(inTree('run/lock'), { mode: 0o1777 });
  // systemd-resolved's postinst turns /etc/resolv.conf into a link to this file.
  await mkdir(inTree('run/systemd/resolve'), { recursive: true });
  await copyFile('/etc/resolv.conf', inTree('run/systemd/resolve/stub-resolv.conf'));
  await mounts.squashfs(toolbox, inTree(TOOLBOX_IN_TREE));
  if (repository !== undefined) await mounts.bind(repository, inTree(LOCKED_IN_TREE));
}

async function mountAptCache(mounts: Mounts, cache: string, archives: string): Promise<void> {
  await mounts.tmpfs(cache);
  await mounts.bind(archives, path.join(cache, 'archives'));
}

/** A minimal /dev of its own: a provisioner cannot reach the host's disks. */
async function mountDev(mounts: Mounts, dev: string): Promise<void> {
  await mounts.tmpfs(dev, 'mode=0755,nosuid');
  const nodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  await run(['cp', '-a', ...nodes.map((node) => `/dev/${node}`), dev]);
  const links: [name: string, target: string][] = [
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
    ['ptmx', 'pts/ptmx'],
  ];
  for (const [name, target] of links) await symlink(target, path.join(dev, name));
  await mounts.devpts(path.join(dev, 'pts'));
  await mounts.tmpfs(path.join(dev, 'shm'), 'mode=1777,nosuid,nodev');
}
