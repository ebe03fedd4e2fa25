/**
 * The trees of a step, as they are mounted while something works in them. All live in one tmpfs that
 * only this cell sees; only finished artifacts leave it.
 */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Mounts } from '../../host/mounts.js';
import { run } from '../../host/run.js';
import { copyAttributes } from '../../host/trees.js';
import { markUsed } from '../../host/used-files.js';
import { dropBuildTimeCopies, writeBuildTimeLayer } from '../../provision/tree/build-time-files.js';
import { mountForBuild } from '../../provision/tree/build-time-mounts.js';
import { ensurePythonToolbox } from '../../provision/tree/python-toolbox.js';
import type { HygieneAllowed } from '../../policy/image-policy.js';
import { cleanTree } from './clean-tree.js';
import type { StepServices } from './services.js';

/** A tree that is mounted for provisioning; closing it leaves the changes alone, cleaned of what no image may hold. */
export class OpenTree implements AsyncDisposable {
  /** Absolute path of the whole tree. */
  readonly root: string;
  readonly #mounts: Mounts;
  readonly #changes: string;
  readonly #buildTime: string;
  readonly #allowed: readonly HygieneAllowed[];

  constructor(
    root: string,
    mounts: Mounts,
    changes: string,
    buildTime: string,
    allowed: readonly HygieneAllowed[] = [],
  ) {
    this.root = root;
    this.#mounts = mounts;
    this.#changes = changes;
    this.#buildTime = buildTime;
    this.#allowed = allowed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mounts[Symbol.asyncDispose]();
    await dropBuildTimeCopies(this.#changes, this.#buildTime);
    await cleanTree(this.#changes, this.#allowed);
  }
}

/** Mounts `lower` with a layer for changes over it, and everything that provisioners need. */
export async function openTree(
  lower: string,
  changes: string,
  services: StepServices,
): Promise<OpenTree> {
  const sources = services.packages.treeSources;
  const buildTime = await services.tempTree('build-time');
  await writeBuildTimeLayer(buildTime, lower, sources);
  await copyAttributes(lower, changes);
  const mounts = services.mounts();
  const root = await mounts.overlay({
    lower: [buildTime, lower],
    upper: changes,
    work: await services.tempTree('work'),
    target: await services.tempTree('root'),
  });
  const open = new OpenTree(root, mounts, changes, buildTime, services.settings.hygieneAllow);
  try {
    await mountForBuild(mounts, {
      tree: root,
      toolbox: await pythonToolbox(services),
      lists: services.packages.lists,
      archives: services.context.archives,
      ...(sources.repository === undefined ? {} : { repository: sources.repository }),
    });
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
  return open;
}

async function pythonToolbox(services: StepServices): Promise<string> {
  const { context, settings, step } = services;
  const key = `${settings.suite} ${settings.architecture}`;
  return await context.shared.toolboxes.get(key, async () => {
    const toolbox = await ensurePythonToolbox({
      settings,
      sources: step.sources,
      cache: context.cache,
      scratch: await services.tempTree('toolbox'),
      signal: services.signal,
      onMake: () => {
        services.stage('make the Python toolbox');
      },
    });
    await markUsed([toolbox]);
    return toolbox;
  });
}

/** A base image of the store, mounted read-only, once for all overlays of the cell. */
export async function mountBase(base: Artifact, services: StepServices): Promise<string> {
  const { shared, cell, mounts, store } = services.context;
  const image = store.objectPath(base.digest);
  await services.date.addImage(image);
  return await shared.bases.get(base.digest, async () => {
    return await mounts.squashfs(image, await mkdtemp(path.join(cell, 'base-')));
  });
}

/** `tree` with the changes over it, read-only, as an image will hold it. */
export async function mergeChanges(
  mounts: Mounts,
  tree: string,
  changes: string,
  services: StepServices,
): Promise<string> {
  return await mounts.overlay({
    lower: [changes, tree],
    target: await services.tempTree('merged'),
  });
}

/** Runs a command inside an open tree. */
export async function chroot(
  tree: OpenTree,
  argv: readonly string[],
  services: StepServices,
): Promise<void> {
  const command = run(['chroot', tree.root, ...argv], {
    env: { LC_ALL: 'C.UTF-8', TMPDIR: '/tmp', ...services.date.environment },
    signal: services.signal,
    onLine: (line) => {
      services.log(line);
    },
  });
  await services.holding(tree.root, () => command);
}
