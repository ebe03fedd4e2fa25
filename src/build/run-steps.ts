/** Runs the steps of a plan one after the other inside a build cell. */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../errors.js';
import { Mounts } from '../host/mounts.js';
import { removeTree } from '../host/trees.js';
import type { OverlayStep, Plan, PlanStep } from '../plan/plan.js';
import type { Artifact } from '../store/manifest.js';
import { Store } from '../store/store.js';
import { buildBaseImage } from './base-image.js';
import { buildBootLoaders } from './boot-loaders.js';
import type { BuildEvent } from './events.js';
import { buildKernelSet } from './kernel-set.js';
import { buildOverlay } from './overlay.js';
import { keepDownloads, Workshop, type CellContext } from './workshop.js';
import { explainFullDisk } from './full-disk.js';

export interface StepsRequest {
  readonly plan: Plan;
  /** Artifacts of the release that is current; packing again copies what did not change. */
  readonly previous: readonly Artifact[];
  /** Absolute path; each step gets a directory in it. */
  readonly logDirectory: string;
  /** Absolute path of what is kept between builds and projects. */
  readonly cache: string;
}

/** @returns All artifacts, in the order of the steps. */
export async function runSteps(
  request: StepsRequest,
  emit: (event: BuildEvent) => void,
  signal: AbortSignal,
): Promise<Artifact[]> {
  process.umask(0o022);
  const store = new Store(request.plan.store);
  await using mounts = new Mounts(store.cellDirectory);
  const workspace = await mounts.tmpfs(
    store.cellDirectory,
    `mode=0700,size=${request.plan.buildRootSize}`,
  );
  const cache = path.join(request.cache, 'archives');
  const downloads = path.join(workspace, 'downloads');
  const archives = await mountArchives(mounts, workspace, cache, downloads);
  const context: CellContext = {
    project: request.plan.root,
    ...{ store, workspace, archives, signal, emit },
    cache: request.cache,
    previous: request.previous,
  };
  const built: Artifact[] = [];
  for (const step of request.plan.steps) {
    built.push(...(await runStep(step, built, context, request.logDirectory)));
    await keepDownloads(downloads, cache);
    await clearWorkspace(workspace, archives, downloads);
  }
  return built;
}

/** Downloaded packages: the shared cache below, this cell's downloads above, so that builds of other projects are not in the way. */
async function mountArchives(
  mounts: Mounts,
  workspace: string,
  cache: string,
  downloads: string,
): Promise<string> {
  await mkdir(path.join(cache, 'partial'), { recursive: true });
  await mkdir(downloads);
  const work = path.join(workspace, 'downloads-work');
  await mkdir(work);
  const target = path.join(workspace, 'archives');
  return await mounts.overlay({ lower: [cache], upper: downloads, work, target });
}

async function runStep(
  step: PlanStep,
  built: readonly Artifact[],
  context: CellContext,
  logDirectory: string,
): Promise<Artifact[]> {
  const log = path.join(logDirectory, step.title.replaceAll(/[^A-Za-z0-9._-]+/g, '-'));
  const started = Date.now();
  context.emit({ type: 'step-start', step: step.title, log });
  try {
    await mkdir(log, { recursive: true });
    const artifacts = await runRecipe(step, built, new Workshop(context, step, log));
    const seconds = (Date.now() - started) / 1000;
    context.emit({ type: 'step-end', step: step.title, seconds, artifacts });
    return artifacts;
  } catch (error) {
    throw await explainFullDisk(error, step, context);
  }
}

async function runRecipe(
  step: PlanStep,
  built: readonly Artifact[],
  workshop: Workshop,
): Promise<Artifact[]> {
  switch (step.kind) {
    case 'base':
      return await buildBaseImage(step, workshop);
    case 'kernel-set':
      return await buildKernelSet(step, workshop);
    case 'overlay':
      return await buildOverlay(step, baseOf(step, built), workshop);
    case 'loaders':
      return await buildBootLoaders(step, workshop);
  }
}

function baseOf(step: OverlayStep, built: readonly Artifact[]): Artifact {
  if ('artifact' in step.base) return step.base.artifact;
  const { planned } = step.base;
  const base = built.find((artifact) => artifact.kind === 'base' && artifact.name === planned);
  if (base !== undefined) return base;
  throw new OnibError(
    'BASE_MISSING',
    `Cannot build overlay "${step.image.name}": base image "${planned}" was not built`,
    { hint: 'onib build base', where: { file: step.image.file } },
  );
}

/** Frees the memory that a step's trees took. */
async function clearWorkspace(
  workspace: string,
  archives: string,
  downloads: string,
): Promise<void> {
  for (const name of await readdir(workspace)) {
    const directory = path.join(workspace, name);
    const shared = name.startsWith('lists-') || directory === archives || directory === downloads;
    if (!shared && name !== 'downloads-work') await removeTree(directory);
  }
}
