/** The tree that archives are measured on, and the changes that are made to it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readPackages } from '../../src/archive/contents/packages.js';
import { withContents } from '../../src/archive/contents/index.js';
import { bytesOf, joinPath, byteString } from '../../src/archive/byte-string.js';
import { OnibError, EXIT } from '../../src/errors.js';
import { run } from '../../src/host/run.js';
import { packageRoot } from '../../src/package.js';
import { loadProject } from '../../src/project/load.js';
import { Store } from '../../src/store/store.js';

/** Unpacks the base image of the project's current release. */
export async function unpackBase(work: string): Promise<{ image: string; tree: string }> {
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
  return { image, tree };
}

/** A file in the middle of the tree, one byte longer. */
export async function changeOneFile(tree: string): Promise<void> {
  const file = path.join(tree, 'etc/login.defs');
  await writeFile(file, `${await readFile(file, 'utf8')}#`);
}

/** All files of two packages, with bytes put in front: every block of theirs is another one. */
export async function changePackages(
  tree: string,
  image: string,
  names: readonly string[],
): Promise<void> {
  await withContents(image, async (contents) => {
    const { owners } = await readPackages(contents);
    for (const { path: name, kind, link } of contents.entries.values()) {
      if (kind !== 'file' || link !== undefined || !names.includes(owners.get(name) ?? ''))
        continue;
      const file = bytesOf(joinPath(byteString(tree), name));
      await writeFile(file, Buffer.concat([Buffer.from('another version'), await readFile(file)]));
    }
  });
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
