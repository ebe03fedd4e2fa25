/**
 * The store: immutable objects by digest, releases that name them, and `current`.
 *
 *   <store>/objects/<64 hex digits>
 *   <store>/releases/<id>/manifest.json, SHA256SUMS, and <friendly name> -> ../../objects/<64 hex digits>
 *   <store>/current -> releases/<id>
 *   <store>/unreleased.json (unreleased.ts)   <store>/inputs/<64 hex digits> (input-texts.ts)
 *   <store>/pins/<id> (releases.ts)   <store>/held/<id> (held.ts)   <store>/rolled-back.json (rolled-back.ts)
 *   <store>/served/<id> (written by boot servers)
 *   <store>/logs/<run>/…   <store>/lock   <store>/switch.lock (switch-lock.ts)   <store>/cell (mount point for a build's private tmpfs)
 *
 * A release appears by one rename and becomes current by another, so a reader sees the old release
 * or the new one, never a mixture.
 */
import {
  access,
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import path from 'node:path';
import { currentBroken, currentId } from './current.js';
import { changingStore } from './no-permission.js';
import { fileDigest } from '../host/file-digest.js';
import { FileLock } from '../host/file-lock.js';
import { removeTree } from '../host/trees.js';
import { PARTIAL_SUFFIX, copyWholeFile } from '../host/whole-file.js';
import { hexOf, type Digest } from '../core/digest.js';
import { parseReleaseManifest } from '../contract/read-release-manifest.js';
import type { Artifact, ReleaseManifest } from '../contract/release-manifest.js';

const STAGING_PREFIX = '.new-';
/** Not a build's leftover: whoever holds the switch lock has it for a moment. */
const NEXT_CURRENT = '.next-current';
/** Of a release that is being removed: readers see it no more, and what is left of it goes at the next lock. */
const LEAVING_PREFIX = '.gone-';

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
        await this.#clearLeftovers();
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

  /** Writes a release, whole or not at all; it is not current. Every artifact must be in the store. */
  async addRelease(manifest: ReleaseManifest): Promise<string> {
    const staging = this.releasePath(STAGING_PREFIX + manifest.id);
    const release = this.releasePath(manifest.id);
    try {
      await this.#stage(manifest, staging);
    } catch (error) {
      await removeTree(staging);
      throw error;
    }
    // Needs no space.
    await rename(staging, release);
    await syncDirectory(path.dirname(release));
    return release;
  }

  /** Makes a release that is there the current one, by one rename. For whoever holds the switch lock. */
  async switchTo(id: string): Promise<void> {
    const next = path.join(this.directory, NEXT_CURRENT);
    await rm(next, { force: true });
    await symlink(path.join('releases', id), next);
    await rename(next, path.join(this.directory, 'current'));
    await syncDirectory(this.directory);
  }

  /** Names of all releases, as they sort: oldest first. */
  async releaseIds(): Promise<string[]> {
    const names = await namesIn(path.join(this.directory, 'releases'));
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  /** Takes a release away at once for readers. For whoever holds the lock of builds and the switch lock. */
  async withdrawRelease(id: string): Promise<void> {
    await rename(this.releasePath(id), this.releasePath(LEAVING_PREFIX + id));
  }

  /** Removes the directory of a release that was withdrawn; objects stay. */
  async clearRelease(id: string): Promise<void> {
    await removeTree(this.releasePath(LEAVING_PREFIX + id));
  }

  async #stage(manifest: ReleaseManifest, staging: string): Promise<void> {
    await mkdir(staging);
    for (const artifact of manifest.artifacts) {
      const object = this.objectPath(artifact.digest);
      await access(object);
      await symlink(
        path.join('..', '..', 'objects', path.basename(object)),
        path.join(staging, artifact.fileName),
      );
    }
    await writeSynced(path.join(staging, 'SHA256SUMS'), sumsOf(manifest.artifacts));
    await writeSynced(
      path.join(staging, 'manifest.json'),
      `${JSON.stringify(manifest, null, 2)}\n`,
    );
  }

  async #clearLeftovers(): Promise<void> {
    for (const name of ['objects', 'releases', 'inputs', '.']) {
      const directory = path.join(this.directory, name);
      for (const entry of await namesIn(directory)) {
        if (isLeftover(entry)) await removeTree(path.join(directory, entry));
      }
    }
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

/** For `sha256sum -c SHA256SUMS` in the release's directory. */
function sumsOf(artifacts: readonly Artifact[]): string {
  return artifacts.map(({ digest, fileName }) => `${hexOf(digest)}  ${fileName}\n`).join('');
}

async function syncDirectory(name: string): Promise<void> {
  const directory = await open(name, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeSynced(name: string, text: string): Promise<void> {
  const file = await open(name, 'wx', 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isLeftover(name: string): boolean {
  if (name.endsWith(PARTIAL_SUFFIX)) return true;
  return name.startsWith(STAGING_PREFIX) || name.startsWith(LEAVING_PREFIX);
}

/** Sorted; empty when there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
