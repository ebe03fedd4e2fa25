/** The tree that archives are measured on, and the changes that are made to it. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OnibError, EXIT } from '../../src/core/errors.js';
import { run } from '../../src/host/run.js';
import { packageRoot } from '../../src/core/package.js';
import { loadProject } from '../../src/project/load.js';
import { Store } from '../../src/store/store.js';

/** Unpacks the base image of the project's current release. */
export async function unpackBase(work: string): Promise<string> {
  const store = new Store((await loadProject(packageRoot)).settings.artifactPath);
  const base = (await store.current())?.artifacts.find(({ kind }) => kind === 'base');
  if (base === undefined) {
    throw new OnibError('BASE_MISSING', 'Cannot measure archives: no base image was built yet', {
      hint: 'onib build base',
      exitCode: EXIT.hostLacks,
    });
  }
  const image = store.objectPath(base.digest);
  const tree = path.join(work, 'tree');
  await run(['unsquashfs', '-no-progress', '-quiet', '-dest', tree, image], {
    debianPackage: 'squashfs-tools',
  });
  return tree;
}

/** A file in the middle of the tree, one byte longer. */
export async function changeOneFile(tree: string): Promise<void> {
  const file = path.join(tree, 'etc/login.defs');
  await writeFile(file, `${await readFile(file, 'utf8')}#`);
}

/**
 * Unpacks the packages of this machine's own Debian release over the tree, as an upgrade would; returns
 * what they are, with their versions.
 */
export async function changePackages(
  tree: string,
  work: string,
  names: readonly string[],
): Promise<string> {
  const directory = path.join(work, 'packages');
  await mkdir(directory);
  // apt reads as a user of its own, who may not write here.
  await run(['apt-get', 'download', '-o', 'APT::Sandbox::User=root', ...names], { cwd: directory });
  const versions: string[] = [];
  for (const file of (await readdir(directory)).sort()) {
    const archive = path.join(directory, file);
    // Not `dpkg-deb --extract`: it would make a directory of the link /bin.
    const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"';
    await run(['sh', '-euc', unpack, 'sh', archive, tree]);
    const format = '${Package} ${Version}';
    const { stdout } = await run(['dpkg-deb', '--show', '--showformat', format, archive]);
    versions.push(stdout);
  }
  return versions.join(' and ');
}

/** So many small files, a hundred to a directory. */
export async function manyFiles(directory: string, count: number): Promise<void> {
  for (let group = 0; group < count / 100; group++) {
    const below = path.join(directory, String(Math.floor(group / 100)), String(group));
    await mkdir(below, { recursive: true });
    for (let file = 0; file < 100; file++) {
      await writeFile(
        path.join(below, `file-${String(file)}`),
        `content ${String(group * file)}\n`,
      );
    }
  }
}
