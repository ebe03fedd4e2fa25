/**
 * The store: immutable objects by digest, releases that name them, and `current`.
 *
 *   <store>/objects/<64 hex digits>
 *   <store>/releases/<id>/… (release-directory.ts)   <store>/current -> releases/<id> (current.ts)
 *   <store>/unreleased.json (unreleased.ts)   <store>/inputs/<64 hex digits> (input-texts.ts)
 *   <store>/pins/<id> (releases.ts)   <store>/held/<id> (held.ts)   <store>/rolled-back.json (rolled-back.ts)
 *   <store>/served/<id> (written by boot servers)
 *   <store>/logs/<run>/…   <store>/lock   <store>/switch.lock (switch-lock.ts)
 *   <store>/incoming   <store>/push.lock (push/far-scripts.ts)   <store>/cell (mount point for a build's private tmpfs)
 *
 * A release appears by one rename and becomes current by another, so a reader sees the old release
 * or the new one, never a mixture.
 */
import { access, chmod, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { currentBroken, currentId } from './current.js';
import { clearLeftovers } from './leftovers.js';
import { changingStore } from './no-permission.js';
import { fileDigest } from '../host/file-digest.js';
import { FileLock } from '../host/file-lock.js';
import { namesIn } from '../host/names-in.js';
import { copyWholeFile } from '../host/whole-file.js';
import { hexOf, type Digest } from '../core/digest.js';
import { parseReleaseManifest } from '../contract/read-release-manifest.js';
import type { ReleaseManifest } from '../contract/release-manifest.js';

export class Store {
  /** Absolute path. */
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Empty directory where a build mounts its private tmpfs. */
  get cellDirectory(): string {
    return path.join(this.directory, 'cell');
  }

  objectPath(digest: Digest): string {
    return path.join(this.directory, 'objects', hexOf(digest));
  }

  releasePath(id: string): string {
    return path.join(this.directory, 'releases', id);
  }

  /**
   * Takes the store's lock, makes its directories, and clears what a killed run may have left on filesystems
   * without O_TMPFILE.
   *
   * @param holder What was called: `onib gc`
   * @throws {OnibError} `BUSY` (exit 4), `STORE_NOT_WRITABLE` (exit 3)
   */
  async lock(holder: string): Promise<FileLock> {
    return await changingStore(this.directory, holder, async () => {
      for (const name of ['objects', 'releases', 'logs', 'cell']) {
        await mkdir(path.join(this.directory, name), { recursive: true });
      }
      await this.#closeLogs();
      const lock = await FileLock.take(path.join(this.directory, 'lock'), holder);
      try {
        await clearLeftovers(this.directory);
      } catch (error) {
        await lock[Symbol.asyncDispose]();
        throw error;
      }
      return lock;
    });
  }

  /** Copies a file in as an object. */
  async putObject(file: string): Promise<{ digest: Digest; size: number }> {
    const digest = await fileDigest(file);
    const { size } = await stat(file);
    const object = this.objectPath(digest);
    if (!(await exists(object))) {
      await copyWholeFile(file, object).catch((error: unknown) => {
        // Two steps made the same bytes at the same time.
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
        throw Object.assign(error as Error, { neededBytes: size });
      });
    }
    return { digest, size };
  }

  /**
   * The current release's manifest; undefined before the first release.
   *
   * @throws {OnibError} `CURRENT_BROKEN`: `current` is no link to a release of this store; `RELEASE_MANIFEST_INVALID`
   */
  async current(): Promise<ReleaseManifest | undefined> {
    const id = await currentId(this.directory);
    if (id === undefined) return undefined;
    try {
      return await this.release(id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const why = `it names release "${id}", which is not there`;
      const hint = 'onib releases lists what there is, onib rollback <id> switches to one of them';
      throw currentBroken(this.directory, why, hint);
    }
  }

  /** @throws {OnibError} `RELEASE_MANIFEST_INVALID` */
  async release(id: string): Promise<ReleaseManifest> {
    return await readManifest(this.releasePath(id), id);
  }

  /** Names of all releases, as they sort: oldest first. */
  async releaseIds(): Promise<string[]> {
    const names = await namesIn(path.join(this.directory, 'releases'));
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  /** Everybody could read the logs of earlier versions. */
  async #closeLogs(): Promise<void> {
    const logs = path.join(this.directory, 'logs');
    if (((await stat(logs)).mode & 0o077) !== 0) await chmod(logs, 0o700);
  }

  /** A new directory for one run's logs, which nobody but the owner of the store may read. */
  async newLogDirectory(run: string): Promise<string> {
    const directory = path.join(this.directory, 'logs', run);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return directory;
  }
}

/**
 * The manifest of a release's directory.
 *
 * @param id of the release that it should describe; undefined: any
 * @throws {OnibError} `RELEASE_MANIFEST_INVALID`
 */
export async function readManifest(directory: string, id?: string): Promise<ReleaseManifest> {
  const file = path.join(directory, 'manifest.json');
  return parseReleaseManifest(await readFile(file, 'utf8'), file, id);
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
