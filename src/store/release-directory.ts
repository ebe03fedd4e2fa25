/**
 * A release's directory comes by one rename and goes by one:
 *
 *   <store>/releases/<id>/manifest.json, SHA256SUMS, and <friendly name> -> ../../objects/<64 hex digits>
 */
import { access, mkdir, open, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, ReleaseManifest } from '../contract/release-manifest.js';
import { syncDirectory } from '../host/sync-directory.js';
import { removeTree } from '../host/trees.js';
import { LEAVING_PREFIX, STAGING_PREFIX } from './leftovers.js';
import type { Store } from './store.js';

/**
 * Writes a release, whole or not at all; it is not current. Every artifact must be in the store. For whoever holds
 * the lock of builds.
 *
 * @returns its directory
 */
export async function addRelease(store: Store, manifest: ReleaseManifest): Promise<string> {
  const staging = store.releasePath(STAGING_PREFIX + manifest.id);
  const release = store.releasePath(manifest.id);
  try {
    await stage(store, manifest, staging);
  } catch (error) {
    await removeTree(staging);
    throw error;
  }
  // Needs no space.
  await rename(staging, release);
  await syncDirectory(path.dirname(release));
  return release;
}

async function stage(store: Store, manifest: ReleaseManifest, staging: string): Promise<void> {
  await mkdir(staging);
  for (const artifact of manifest.artifacts) {
    const object = store.objectPath(artifact.digest);
    await access(object);
    await symlink(
      path.join('..', '..', 'objects', path.basename(object)),
      path.join(staging, artifact.fileName),
    );
  }
  await writeSynced(path.join(staging, 'SHA256SUMS'), sumsOf(manifest.artifacts));
  await writeSynced(path.join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await syncDirectory(staging);
}

/** For `sha256sum -c SHA256SUMS` in the release's directory. */
function sumsOf(artifacts: readonly Artifact[]): string {
  return artifacts
    .map(({ digest, fileName }) => `${digest.slice('sha256:'.length)}  ${fileName}\n`)
    .join('');
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

/** Takes a release away at once for readers. For whoever holds the lock of builds and the switch lock. */
export async function withdrawRelease(store: Store, id: string): Promise<void> {
  await rename(store.releasePath(id), store.releasePath(LEAVING_PREFIX + id));
}

/** Removes the directory of a release that was withdrawn; objects stay. */
export async function clearRelease(store: Store, id: string): Promise<void> {
  await removeTree(store.releasePath(LEAVING_PREFIX + id));
}
