/** Releases for whole-chain tests, built through the compiled command line as a user would. */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { compiledPath, packageRoot } from '../../src/package.js';
import type { ReleaseManifest } from '../../src/store/manifest.js';
import { Store } from '../../src/store/store.js';

export interface BuiltProject {
  readonly directory: string;
  readonly store: Store;
  readonly release: ReleaseManifest;
}

/** `node dist/src/cli/main.js …`; what it printed is in the error when it fails. */
export async function onib(...words: readonly string[]): Promise<string> {
  return await onibWith({}, ...words);
}

async function onibWith(
  env: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<string> {
  const { stdout } = await execa(process.execPath, [compiledPath('src/cli/main.js'), ...words], {
    stdin: 'ignore',
    env,
  });
  return stdout;
}

/** The default project's current release; where it is up to date nothing is built. */
export async function defaultRelease(): Promise<BuiltProject> {
  await onib('-C', packageRoot, 'build', 'all');
  return await built(packageRoot);
}

async function built(directory: string): Promise<BuiltProject> {
  const store = new Store(path.join(directory, 'builds'));
  const release = await store.current();
  if (release === undefined) throw new Error(`${store.directory} has no current release`);
  return { directory, store, release };
}

/**
 * A new project with one overlay of its own over the default project's base and kernel set, whose
 * objects are copied instead of built.
 *
 * @param tasks Tasks of the overlay's role, YAML.
 * @param env Environment of the overlay's build.
 */
export async function projectWithOverlay(
  name: string,
  tasks: string,
  env: Readonly<Record<string, string>> = {},
): Promise<BuiltProject & AsyncDisposable> {
  const { store } = await defaultRelease();
  const directory = await mkdtemp(path.join(tmpdir(), 'onib-e2e-'));
  const remove = async (): Promise<void> => {
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await onib('init', directory);
    await onib('-C', directory, 'new', 'overlay', name);
    const role = path.join(directory, 'roles', 'overlay', `provision_${name}`, 'tasks');
    await mkdir(role, { recursive: true });
    await writeFile(path.join(role, 'main.yml'), tasks);
    for (const part of ['objects', 'releases', 'current']) {
      const copy = path.join(directory, 'builds', part);
      await cp(path.join(store.directory, part), copy, { recursive: true, verbatimSymlinks: true });
    }
    await chmod(directory, 0o755);
    await onibWith(env, '-C', directory, 'build', 'overlay', `vars/${name}.yml`);
    return { ...(await built(directory)), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
