/**
 * What a tree is given from outside while provisioners run, and never keeps.
 *
 * Files (resolv.conf, policy-rc.d, apt's sources and options) come as one more lower layer over the
 * base, so the changes that are packed cannot contain them. Everything else is mounted over
 * directories that every Debian tree has.
 */
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import type { Mounts } from '../../host/mounts.js';
import { run } from '../../host/run.js';
import type { AptSources } from '../../plan/sources.js';
import { TOOLBOX_IN_TREE } from './python-toolbox.js';

/** No service starts in a chroot: 101 means "forbidden by policy" (Debian's invoke-rc.d). */
const POLICY_RC_D = '#!/bin/sh\nexit 101\n';

const APT_OPTIONS = `Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "root";
DPkg::Options { "--force-unsafe-io"; "--force-confold"; };
`;

/** Where the repository of locked packages is seen inside a tree. */
export const LOCKED_IN_TREE = '/run/onib/packages';

/** Sources for a tree's own apt. */
export interface TreeSources extends AptSources {
  /** Directory that is mounted at `LOCKED_IN_TREE`; its source line has a file of its own. */
  readonly repository?: string;
}

interface ProvidedFile {
  readonly content: string;
  readonly mode: number;
}

function providedFiles(sources: TreeSources, resolvConf: string): Record<string, ProvidedFile> {
  const proxy = sources.proxy === undefined ? '' : `Acquire::http::Proxy "${sources.proxy}";\n`;
  return {
    'etc/resolv.conf': { content: resolvConf, mode: 0o644 },
    'usr/sbin/policy-rc.d': { content: POLICY_RC_D, mode: 0o755 },
    'etc/apt/apt.conf.d/99onib': { content: APT_OPTIONS + proxy, mode: 0o644 },
    ...sourceFiles(sources),
  };
}

/** The locked repository has a file of its own, so that its lists can be read without the mirror's. */
function sourceFiles({
  lines,
  repository,
  preferences,
}: TreeSources): Record<string, ProvidedFile> {
  const file = (content: string): ProvidedFile => ({ content, mode: 0o644 });
  const [mirror, locked] =
    repository === undefined ? [lines, []] : [lines.slice(1), lines.slice(0, 1)];
  return {
    ...(mirror.length === 0
      ? {}
      : { 'etc/apt/sources.list.d/onib.list': file(`${mirror.join('\n')}\n`) }),
    ...(locked.length === 0
      ? {}
      : { 'etc/apt/sources.list.d/onib-locked.list': file(`${locked.join('\n')}\n`) }),
    ...(preferences === undefined ? {} : { 'etc/apt/preferences.d/99onib': file(preferences) }),
  };
}

/**
 * Writes the layer of provided files. Its directories repeat owner, mode and times of the tree's
 * own: overlayfs copies a directory up with the attributes of the topmost layer that has it.
 */
export async function writeProvidedLayer(
  layer: string,
  tree: string,
  sources: TreeSources,
): Promise<void> {
  const resolvConf = await readFile('/etc/resolv.conf', 'utf8');
  const files = providedFiles(sources, resolvConf);
  const directories = new Set<string>(['.']);
  for (const [name, file] of Object.entries(files)) {
    for (const directory of parents(name)) directories.add(directory);
    await mkdir(path.join(layer, path.dirname(name)), { recursive: true });
    await writeFile(path.join(layer, name), file.content);
    await chmod(path.join(layer, name), file.mode);
  }
  for (const directory of [...directories].sort().reverse()) {
    const like = await lstat(path.join(tree, directory));
    const target = path.join(layer, directory);
    await chown(target, like.uid, like.gid);
    await chmod(target, like.mode & 0o7777);
    await utimes(target, like.atime, like.mtime);
  }
}

function parents(name: string): string[] {
  const directory = path.dirname(name);
  return directory === '.' ? [] : [directory, ...parents(directory)];
}

/** A role's `chmod -R` copies provided files up; those that are still as provided are taken out again. */
export async function dropProvidedCopies(changes: string, layer: string): Promise<void> {
  const files = [
    'etc/resolv.conf',
    'usr/sbin/policy-rc.d',
    'etc/apt/apt.conf.d/99onib',
    'etc/apt/sources.list.d/onib.list',
    'etc/apt/sources.list.d/onib-locked.list',
    'etc/apt/preferences.d/99onib',
  ];
  for (const name of files) {
    const copy = path.join(changes, name);
    if (await sameContent(copy, path.join(layer, name))) await rm(copy);
  }
}

async function sameContent(a: string, b: string): Promise<boolean> {
  try {
    const [stats, left, right] = [await lstat(a), await readFile(a), await readFile(b)];
    return stats.isFile() && left.equals(right);
  } catch (error) {
    if (['ENOENT', 'ENXIO', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}

export interface ProvidedMounts {
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
export async function mountProvided(mounts: Mounts, provided: ProvidedMounts): Promise<void> {
  const inTree = (name: string): string => path.join(provided.tree, name);
  const made = await Promise.allSettled([
    mounts.proc(inTree('proc')),
    mounts.sysfs(inTree('sys')),
    mountDev(mounts, inTree('dev')),
    mountRun(mounts, provided),
    mounts.tmpfs(inTree('tmp'), 'mode=1777,nosuid,nodev'),
    mounts.bind(provided.lists, inTree('var/lib/apt/lists')),
    mountAptCache(mounts, inTree('var/cache/apt'), provided.archives),
  ]);
  // None may be under way any more when what is mounted is undone.
  for (const result of made) if (result.status === 'rejected') throw result.reason;
}

async function mountRun(
  mounts: Mounts,
  { tree, toolbox, repository }: ProvidedMounts,
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
