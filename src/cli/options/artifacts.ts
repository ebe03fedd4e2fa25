/**
 * What a word on the command line names: a file, a release's directory, `current`, a release of the
 * store, or an artifact of its current release (artifact-word.ts).
 */
import { access, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, OnibError } from '../../core/errors.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import { readManifest } from '../../store/store.js';
import { artifactOf, isVarsFile } from './artifact-word.js';
import type { Context } from './context.js';
import { openStore, type StoreOptions } from './store.js';

export type Located =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly file: string;
      /** Where it was found by a word, not by a path. */
      readonly artifact?: Artifact;
    }
  | {
      readonly kind: 'release';
      readonly name: string;
      readonly directory: string;
      readonly release: ReleaseManifest;
    };

/** @throws {OnibError} `ARTIFACT_UNKNOWN`, `ARTIFACT_AMBIGUOUS`, `NO_CURRENT_RELEASE` (exit 2), `RELEASE_MANIFEST_INVALID`, and those of a project that cannot be read */
export async function locate(
  word: string,
  context: Context,
  options: StoreOptions,
): Promise<Located> {
  const found = isVarsFile(word) ? undefined : await locatePath(word, context.directory);
  return found ?? (await locateInStore(word, context, options));
}

/** As {@link locate}, for what only one artifact can be. */
export async function locateFile(
  word: string,
  context: Context,
  options: StoreOptions,
): Promise<Extract<Located, { kind: 'file' }>> {
  const located = await locate(word, context, options);
  if (located.kind === 'file') return located;
  throw new OnibError('ARTIFACT_NEEDED', `Cannot take "${word}" for an artifact: it is a release`, {
    hint: `onib ls ${word} lists its artifacts`,
    exitCode: EXIT.usage,
  });
}

/** As {@link locateFile}, for what only an artifact of the current release can be. */
export async function locateArtifact(
  word: string,
  context: Context,
  options: StoreOptions,
): Promise<Artifact> {
  const { artifact } = await locateFile(word, context, options);
  if (artifact !== undefined) return artifact;
  throw new OnibError(
    'ARTIFACT_NEEDED',
    `Cannot take "${word}" for an artifact of the current release: it is a file`,
    { hint: 'onib ls current lists its artifacts', exitCode: EXIT.usage },
  );
}

async function locatePath(word: string, directory: string): Promise<Located | undefined> {
  const file = path.resolve(directory, word);
  const stats = await stat(file).catch(() => undefined);
  if (stats === undefined) await refuseDeadLink(word, file);
  if (stats?.isFile() === true) return { kind: 'file', name: path.basename(file), file };
  if (stats?.isDirectory() !== true || !(await isRelease(file))) {
    return undefined;
  }
  const release = await readManifest(file);
  return { kind: 'release', name: release.id, directory: await realpath(file), release };
}

/** A copy of `current`, or of a release, without the store whose objects it links to. */
async function refuseDeadLink(word: string, file: string): Promise<void> {
  const target = await readlink(file).catch(() => undefined);
  if (target === undefined) return;
  throw new OnibError(
    'LINK_DEAD',
    `Cannot look into "${word}": it is a link to "${target}", which is not there`,
    {
      exitCode: EXIT.usage,
      hint: 'a release is links into its store: copy the whole store, as onib push does',
    },
  );
}

async function locateInStore(
  word: string,
  context: Context,
  options: StoreOptions,
): Promise<Located> {
  const store = await openStore(context, options);
  const current = await store.current();
  const id = word === 'current' ? current?.id : word;
  if (id !== undefined && !id.includes('/') && (await isRelease(store.releasePath(id)))) {
    const release = await store.release(id);
    return { kind: 'release', name: id, directory: store.releasePath(id), release };
  }
  if (current === undefined) throw noRelease(word);
  const artifact = artifactOf(current.artifacts, word);
  const file = path.join(store.releasePath(current.id), artifact.fileName);
  return { kind: 'file', name: artifact.fileName, file, artifact };
}

function noRelease(word: string): OnibError {
  return new OnibError('NO_CURRENT_RELEASE', `Cannot find "${word}": there is no release yet`, {
    hint: 'onib build all makes one, onib push copies one',
    exitCode: EXIT.usage,
  });
}

async function isRelease(directory: string): Promise<boolean> {
  return await exists(path.join(directory, 'manifest.json'));
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
