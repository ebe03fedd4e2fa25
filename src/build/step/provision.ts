/**
 * Runs an image's provisioners, each in a tree of its own over the changes of those before it.
 * Facts, handlers and variables of one are unknown to the next: so a snapshot between them holds all
 * that there is.
 */
import { mkdir } from 'node:fs/promises';
import { removeTree } from '../../host/trees.js';
import type { ImageConfig } from '../../project/config.js';
import {
  checkProvisioner,
  runProvisioner,
  type ProvisionRequest,
} from '../../provision/ansible/run-provisioner.js';
import { prepareToPack } from './pack.js';
import type { StepServices } from './services.js';
import { forwardTask } from './task-events.js';
import { openTree } from './trees.js';

interface ProvisionTrees {
  /** Read only. */
  readonly lower: string;
  /** Takes what provisioners change. */
  readonly changes: string;
  /** Overlays: digest of the base image, whose packages do not count. */
  readonly base?: string;
}

/** All of an image's provisioners; once more with the mirror's packages where those of the lock do not do. */
export async function provision(
  image: ImageConfig,
  trees: ProvisionTrees,
  services: StepServices,
): Promise<void> {
  const { packages, snapshots } = services;
  if (trees.base !== undefined) snapshots.over(trees.base);
  try {
    await provisionAll(image, trees, services);
  } catch (error) {
    if (!packages.wantsMirror(error)) throw error;
    packages.askMirror();
    await removeTree(trees.changes);
    await mkdir(trees.changes);
    await provisionAll(image, trees, services);
  }
  await snapshots.keep(packages.recorded);
}

async function provisionAll(
  image: ImageConfig,
  { lower, changes, base }: ProvisionTrees,
  services: StepServices,
): Promise<void> {
  const { packages, snapshots } = services;
  const last = image.provisioners.length - 1;
  for (let index = await resume(changes, last, services); index <= last; index++) {
    {
      await using open = await openTree(lower, changes, services);
      const provisioning = async (): Promise<void> => {
        await updateLists(image, open.root, services);
        await provisionOne(image, index, open.root, services);
      };
      await services.holding(open.root, provisioning, (error) => packages.wantsMirror(error));
      if (index === last) await packages.record(open.root, base === undefined ? undefined : lower);
    }
    if (index < last) {
      snapshots.save(index + 1, changes);
      await snapshots.settled();
    }
  }
}

/** @returns The provisioner to begin with. */
async function resume(changes: string, last: number, services: StepServices): Promise<number> {
  const { snapshots } = services;
  const known = last < 1 ? undefined : await snapshots.find(1, last);
  if (known === undefined) return 0;
  services.stage(`take the snapshot after provisioner ${String(known.level)}`);
  await snapshots.restore(known.file, changes);
  return known.level;
}

async function updateLists(
  image: ImageConfig,
  root: string,
  services: StepServices,
): Promise<void> {
  if (services.packages.listsAreFresh) return;
  services.stage('update package lists');
  await services.packages.updateLists(image, root);
}

async function provisionOne(
  image: ImageConfig,
  index: number,
  root: string,
  services: StepServices,
): Promise<void> {
  const { length } = image.provisioners;
  prepareToPack();
  services.stage(
    length === 1
      ? 'run the provisioner'
      : `run provisioner ${String(index + 1)} of ${String(length)}`,
  );
  await runProvisioner({
    ...(await provisionRequest(image, index, root, services)),
    onEvent: (event) => {
      forwardTask(event, services.step.title, services.tasks, services.context.emit);
    },
  });
}

/** @throws {OnibError} the first mistake that Ansible finds in the image's roles without running them. */
export async function checkProvisioners(
  image: ImageConfig,
  tree: string,
  services: StepServices,
): Promise<void> {
  for (const index of image.provisioners.keys()) {
    await checkProvisioner(await provisionRequest(image, index, tree, services));
  }
}

async function provisionRequest(
  image: ImageConfig,
  index: number,
  tree: string,
  services: StepServices,
): Promise<Omit<ProvisionRequest, 'onEvent'>> {
  return {
    ...{ image, index, tree },
    hostFacts: services.step.hostFacts[index] ?? true,
    project: services.context.project,
    logDirectory: services.logDirectory,
    scratch: await services.tempTree('ansible'),
    environment: services.date.environment,
    signal: services.signal,
  };
}
