/** Runs the steps of a plan inside a build cell: each with a room of its own in the cell's tmpfs, which goes with it. */
import { availableParallelism } from 'node:os';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import { withLog } from '../../host/failure-report.js';
import { HostCache } from '../../host/host-cache.js';
import { Mounts } from '../../host/mounts.js';
import { Once } from '../../core/once.js';
import { bytesOnDisk, removeTree } from '../../host/trees.js';
import type { OverlayStep, Plan, PlanStep } from '../../plan/plan.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { Store } from '../../store/store.js';
import { buildBaseImage } from '../recipes/base-image.js';
import { buildBootLoaders } from '../recipes/boot-loaders.js';
import type { CellContext, SharedContext } from '../step/context.js';
import type { CellEvent } from '../record/events.js';
import { hideHost } from './hide-host.js';
import { schedule } from './schedule.js';
import type { Hold } from '../step/hold-failed-tree.js';
import { buildKernelSet } from '../recipes/kernel-set.js';
import { keepDownloads } from './keep-downloads.js';
import { buildOverlay } from '../recipes/overlay.js';
import { StepServices } from '../step/services.js';
import { explainFullDisk } from '../checks/full-disk.js';

export interface StepsRequest {
  readonly plan: Plan;
  /** Artifacts of the release that is current; packing again copies what did not change. */
  readonly previous: readonly Artifact[];
  /** Absolute path; each step gets a directory in it. */
  readonly logDirectory: string;
  /** How many steps may run at a time; default: one per processor. */
  readonly jobs?: number;
  /** A step that fails holds its tree until the builder releases it. */
  readonly shellOnError: boolean;
}

/** @returns All artifacts, in the order of the steps. */
export async function runSteps(
  request: StepsRequest,
  emit: (event: CellEvent) => void,
  signal: AbortSignal,
  hold?: Hold,
): Promise<Artifact[]> {
  const hostName = await hideHost();
  const { plan, previous } = request;
  const cache = new HostCache();
  const store = new Store(plan.store);
  await using mounts = new Mounts(store.cellDirectory);
  const cell = await mounts.tmpfs(store.cellDirectory, `mode=0700,size=${plan.buildRootSize}`);
  // What programs of a killed build leave here goes with the cell.
  process.env.TMPDIR = path.join(cell, 'tmp');
  await mkdir(process.env.TMPDIR, { mode: 0o1777 });
  await cache.prepare();
  const context: SharedContext = {
    ...{ project: plan.root, store, cell, cache, previous, signal, emit, hold, mounts, hostName },
    shared: { lists: new Once(), toolboxes: new Once(), bases: new Once() },
  };
  return await schedule(plan.steps, request.jobs ?? availableParallelism(), async (step, base) => {
    const number = plan.steps.indexOf(step) + 1;
    return await runStep(step, number, base, context, request.logDirectory);
  });
}

async function runStep(
  step: PlanStep,
  number: number,
  base: Artifact | undefined,
  shared: SharedContext,
  logDirectory: string,
): Promise<Artifact[]> {
  const log = path.join(logDirectory, step.title.replaceAll(/[^A-Za-z0-9._-]+/g, '-'));
  const started = Date.now();
  shared.emit({ type: 'step-start', step: step.title, log });
  const workspace = path.join(shared.cell, `step-${String(number)}`);
  try {
    await mkdir(log, { recursive: true, mode: 0o700 });
    await mkdir(workspace);
    const artifacts = await inWorkspace(step, { ...shared, workspace, number }, base, log);
    const treeBytes = await bytesOnDisk(workspace);
    await removeTree(workspace);
    const seconds = (Date.now() - started) / 1000;
    shared.emit({ type: 'step-end', step: step.title, seconds, treeBytes, artifacts });
    return artifacts;
  } catch (error) {
    throw withLog(await explainFullDisk(error, step, shared), path.join(log, 'build.log'));
  }
}

/** Mounts the archives of packages for one step, and keeps what it downloaded. */
async function inWorkspace(
  step: PlanStep,
  context: Omit<CellContext, 'archives'>,
  base: Artifact | undefined,
  log: string,
): Promise<Artifact[]> {
  const cache = context.cache.archives;
  const [downloads, work, archives] = ['downloads', 'downloads-work', 'archives'].map((name) =>
    path.join(context.workspace, name),
  ) as [string, string, string];
  for (const directory of [downloads, work, archives]) await mkdir(directory);
  await using mounts = new Mounts(context.workspace);
  await mounts.overlay({ lower: [cache], upper: downloads, work, target: archives });
  await using services = new StepServices({ ...context, archives }, step, log);
  await using _downloads = {
    [Symbol.asyncDispose]: async () => keepDownloads(downloads, cache, services.packages),
  };
  await services.packages.prepare();
  return await runRecipe(step, base, services);
}

async function runRecipe(
  step: PlanStep,
  base: Artifact | undefined,
  services: StepServices,
): Promise<Artifact[]> {
  switch (step.kind) {
    case 'base':
      return await buildBaseImage(step, services);
    case 'kernel-set':
      return await buildKernelSet(step, services);
    case 'overlay':
      return await buildOverlay(step, base ?? missingBase(step), services);
    case 'loaders':
      return await buildBootLoaders(step, services);
  }
}

function missingBase(step: OverlayStep): never {
  throw new OnibError(
    'BASE_MISSING',
    `Cannot build overlay "${step.image.name}": its base image was not built`,
    { hint: 'onib build base', where: { file: step.image.file } },
  );
}
