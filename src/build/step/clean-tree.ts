/** What provisioning leaves behind that no image may hold. */
import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Regular files below these directories go; the directories themselves belong to packages and stay. */
const EMPTIED_DIRECTORIES = [
  'var/log',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/cache/man',
  'tmp',
  'var/tmp',
  'run',
  'root/.ansible',
];

/** Single files; `*` stands for any characters within a name. */
const REMOVED_FILES = [
  'etc/passwd-',
  'etc/shadow-',
  'etc/group-',
  'etc/gshadow-',
  'etc/subuid-',
  'etc/subgid-',
  'etc/.pwd.lock',
  // identities that nvme-cli's package makes, and would make every node's the same
  'etc/nvme/hostid',
  'etc/nvme/hostnqn',
  'etc/ssh/ssh_host_*',
  'var/cache/debconf/*-old',
  'var/cache/ldconfig/aux-cache',
  'var/lib/dpkg/*-old',
  'var/lib/systemd/random-seed',
  'root/.bash_history',
];

/** Removes traces from a tree, or from the changes over one: whiteouts and directories stay. */
export async function removeTraces(tree: string): Promise<void> {
  for (const directory of EMPTIED_DIRECTORIES) {
    await removeFilesBelow(path.join(tree, directory));
  }
  for (const pattern of REMOVED_FILES) {
    const directory = path.join(tree, path.dirname(pattern));
    const [prefix = '', suffix = ''] = path.basename(pattern).split('*');
    for (const name of await namesIn(directory)) {
      const matches = pattern.includes('*')
        ? name.startsWith(prefix) && name.endsWith(suffix)
        : name === prefix;
      if (matches) await removeFile(path.join(directory, name));
    }
  }
}

async function removeFilesBelow(directory: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    const entry = path.join(directory, name);
    if ((await lstat(entry)).isDirectory()) await removeFilesBelow(entry);
    else await removeFile(entry);
  }
}

/** A whiteout (character device 0:0) deletes a file of the layer below and must stay. */
async function removeFile(file: string): Promise<void> {
  const stats = await lstat(file);
  if (stats.isFile() || stats.isSymbolicLink()) await rm(file);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await lstat(directory)).isDirectory() ? await readdir(directory) : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
