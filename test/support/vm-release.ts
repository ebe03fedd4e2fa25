/** Releases for whole-chain tests, built through the compiled command line as a user would. */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/core/package.js';
import type { ReleaseManifest } from '../../src/contract/release-manifest.js';
import { Store } from '../../src/store/store.js';
import { onib } from './onib-command.js';

export interface BuiltProject {
  readonly directory: string;
  readonly store: Store;
  readonly release: ReleaseManifest;
}

/** What it printed is in the error when it fails; it ends with the tests, unlike what `run` starts. */
async function command(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const [node, program] = onib;
  await execa(node, [program, ...words], { stdin: 'ignore', env });
}

/** The default project's current release; where it is up to date nothing is built. */
export async function defaultRelease(): Promise<BuiltProject> {
  await command(['-C', packageRoot, 'build', 'all']);
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
    await command(['init', directory]);
    await command(['-C', directory, 'new', 'overlay', name]);
    const role = path.join(directory, 'roles', 'overlay', `provision_${name}`, 'tasks');
    await mkdir(role, { recursive: true });
    await writeFile(path.join(role, 'main.yml'), tasks);
    for (const part of ['objects', 'releases', 'current']) {
      const copy = path.join(directory, 'builds', part);
      await cp(path.join(store.directory, part), copy, { recursive: true, verbatimSymlinks: true });
    }
    await chmod(directory, 0o755);
    // All overlays: where the base is built again, a release without one of them would not become current.
    await command(['-C', directory, 'build', 'overlay'], env);
    return { ...(await built(directory)), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
