/**
 * What a word on the command line names: a file, a release's directory, `current`, a release of the
 * store, or an artifact of its current release by file name or by name.
 */
import { access, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '../../core/did-you-mean.js';
import { EXIT, OnibError } from '../../core/errors.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import { readManifest } from '../../store/store.js';
import type { Context } from './context.js';
import { openStore, type StoreOptions } from './store.js';

export type Located =
  | { readonly kind: 'file'; readonly name: string; readonly file: string }
  | {
      readonly kind: 'release';
      readonly name: string;
      readonly directory: string;
      readonly release: ReleaseManifest;
    };

/** @throws {OnibError} `ARTIFACT_UNKNOWN` (exit 2), `RELEASE_MANIFEST_INVALID`, and those of a project that cannot be read */
export async function locate(
  word: string,
  context: Context,
  options: StoreOptions,
): Promise<Located> {
  return (
    (await locatePath(word, context.directory)) ?? (await locateInStore(word, context, options))
  );
}

/** As {@link locate}, for what only one artifact can be. */
export async function locateFile(
  word: string,
  context: Context,
  options: StoreOptions,
): Promise<Extract<Located, { kind: 'file' }>> {
  const located = await locate(word, context, options);
  if (located.kind === 'file') return located;
  throw new OnibError('ARTIFACT_NEEDED', `Cannot look into "${word}": it is a release`, {
    hint: `onib ls ${word} lists its artifacts`,
    exitCode: EXIT.usage,
  });
}

async function locatePath(word: string, directory: string): Promise<Located | undefined> {
  const file = path.resolve(directory, word);
  const stats = await stat(file).catch(() => undefined);
  if (stats === undefined) await refuseDeadLink(word, file);
  if (stats?.isFile() === true) return { kind: 'file', name: path.basename(file), file };
  if (stats?.isDirectory() !== true || !(await exists(path.join(file, 'manifest.json')))) {
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
  if (word.includes('/')) throw unknown(word, []);
  const store = await openStore(context, options);
  const current = await store.current();
  if (word === 'current' && current === undefined) {
    throw new OnibError(
      'NO_CURRENT_RELEASE',
      'Cannot look into "current": there is no release yet',
      {
        hint: 'onib build all',
        exitCode: EXIT.usage,
      },
    );
  }
  const id = word === 'current' ? current?.id : word;
  if (id !== undefined && (await exists(path.join(store.releasePath(id), 'manifest.json')))) {
    const release = await store.release(id);
    return { kind: 'release', name: id, directory: store.releasePath(id), release };
  }
  const artifacts = current?.artifacts ?? [];
  const artifact = artifactOf(artifacts, word);
  if (current === undefined || artifact === undefined) throw unknown(word, artifacts);
  const file = path.join(store.releasePath(current.id), artifact.fileName);
  return { kind: 'file', name: artifact.fileName, file };
}

/** By file name, else by name where only one has it: a kernel set's three share theirs. */
export function artifactOf(artifacts: readonly Artifact[], word: string): Artifact | undefined {
  const exact = artifacts.find(({ fileName }) => fileName === word);
  if (exact !== undefined) return exact;
  const named = artifacts.filter(({ name, kind }) => name === word || kind === word);
  return named.length === 1 ? named[0] : undefined;
}

function unknown(word: string, artifacts: readonly Artifact[]): OnibError {
  const names = artifacts.map(({ fileName }) => fileName);
  return new OnibError(
    'ARTIFACT_UNKNOWN',
    `Cannot look into "${word}": there is no such file, release or artifact`,
    {
      exitCode: EXIT.usage,
      details: names,
      hint: didYouMean(word, [...names, 'current']) ?? 'onib ls current lists what there is',
    },
  );
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
