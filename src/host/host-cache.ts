/**
 * What all projects of a host share, and where it lies. Builds make it again where it is missing; a
 * file's time is when a build used it last.
 */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** A file that no build has used for so long may go. */
export const UNUSED_DAYS = 90;
const DAY_MS = 86_400_000;

export class HostCache {
  /** Absolute path. */
  readonly directory: string;

  constructor(directory = '/var/cache/onib') {
    this.directory = directory;
  }

  /** Downloaded packages under the names that apt gives them. */
  get archives(): string {
    return path.join(this.directory, 'archives');
  }

  /** Package lists of mirrors, a tar file for each set of sources. */
  get lists(): string {
    return path.join(this.directory, 'lists');
  }

  /** Control paragraphs of packages, by the digest of the package. */
  get controls(): string {
    return path.join(this.directory, 'controls');
  }

  /** Trees between two provisioners, as tar files. */
  get snapshots(): string {
    return path.join(this.directory, 'snapshots');
  }

  /** The Python toolbox of a suite and an architecture: a squashfs file. */
  toolbox(name: string): string {
    return path.join(this.directory, `python-toolbox-${name}.squashfs`);
  }

  /** Makes the directories that are needed: apt writes packages to `partial` before it renames them. */
  async prepare(): Promise<void> {
    await mkdir(path.join(this.archives, 'partial'), { recursive: true });
    // What one provisioner leaves for the next may be a secret that the image will not have.
    await mkdir(this.snapshots, { recursive: true, mode: 0o700 });
    await chmod(this.snapshots, 0o700);
  }

  /**
   * Files that no build has used lately.
   *
   * @param now Milliseconds since 1970.
   */
  async unusedFiles(now: number): Promise<string[]> {
    return await unusedBelow(this.directory, now);
  }

  /** Removes files of {@link unusedFiles}, but not those that a build has begun to use since. */
  async remove(files: readonly string[], now: number): Promise<void> {
    for (const file of files) {
      if (!(await isUnused(file, now))) continue;
      await rm(file, { force: true }).catch((error: unknown) => {
        // Whose cache it is not leaves it.
        if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      });
    }
  }
}

/** What this user may not read is another's, and stays. */
async function unusedBelow(directory: string, now: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'EACCES'].includes(code)) return [];
    throw error;
  });
  const unused: string[] = [];
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) unused.push(...(await unusedBelow(file, now)));
    else if (await isUnused(file, now)) unused.push(file);
  }
  return unused;
}

/** Also false for a file that a build has taken away meanwhile. */
async function isUnused(file: string, now: number): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() === true && now - stats.mtimeMs > UNUSED_DAYS * DAY_MS;
}
