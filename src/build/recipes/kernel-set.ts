/**
 * The kernel set: vmlinuz, our initrd and the modules layer, from one build environment, so that
 * they always fit each other and a new kernel touches neither base nor overlays.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import type { KernelSetStep } from '../../plan/plan.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { copyModules } from './modules-layer.js';
import { bootstrap } from '../step/bootstrap.js';
import { keep, packSquashfs } from '../step/pack.js';
import { provision } from '../step/provision.js';
import type { StepServices } from '../step/services.js';
import { chroot, openTree, type OpenTree } from '../step/trees.js';

const INITRD_IN_TREE = '/root/initrd.img';

export async function buildKernelSet(
  step: KernelSetStep,
  services: StepServices,
): Promise<Artifact[]> {
  const { image } = step;
  const kernelPackages = image.kernelPackage === undefined ? [] : [image.kernelPackage];
  const tree = await bootstrap(image, [...(image.packages ?? []), ...kernelPackages], services);
  const changes = await services.tempTree('changes');
  await provision(image, { lower: tree, changes }, services);

  await using open = await openTree(tree, changes, services);
  const version = await onlyKernel(open.root, image.name);
  services.stage(`make the initrd for ${version}`);
  await chroot(open, ['mkinitramfs', '-o', INITRD_IN_TREE, version], services);
  const modules = await makeModulesLayer(open, version, step, services);

  const common = { name: image.name, kernelVersion: version };
  return [
    await keep(
      path.join(open.root, 'boot', `vmlinuz-${version}`),
      { ...common, kind: 'kernel', fileName: `vmlinuz-${version}`, format: 'bzImage' },
      services,
      { origin: open.root },
    ),
    await keep(
      path.join(open.root, INITRD_IN_TREE),
      { ...common, kind: 'initrd', fileName: `initrd.img-${version}`, format: 'initramfs' },
      services,
      { origin: open.root },
    ),
    await packSquashfs(
      modules,
      { ...common, kind: 'modules', fileName: `modules.${version}.squashfs`, format: 'squashfs' },
      services,
      open.root,
    ),
  ];
}

/** @returns The layer's tree, inside the open tree's private /tmp. */
async function makeModulesLayer(
  open: OpenTree,
  kernelVersion: string,
  step: KernelSetStep,
  services: StepServices,
): Promise<string> {
  services.stage('choose modules');
  const layer = path.join(open.root, 'tmp/modules');
  await copyModules(open.root, kernelVersion, step.image.moduleLayer ?? [], layer);
  await chroot(open, ['depmod', '-b', '/tmp/modules/usr', kernelVersion], services);
  return layer;
}

/** The version of the one kernel in the tree; two would leave open which one boots. */
async function onlyKernel(root: string, name: string): Promise<string> {
  const kernels = (await readdir(path.join(root, 'boot')))
    .filter((file) => file.startsWith('vmlinuz-'))
    .map((file) => file.slice('vmlinuz-'.length));
  const [version] = kernels;
  if (version !== undefined && kernels.length === 1) return version;
  throw new OnibError(
    'KERNEL_NOT_ONE',
    `Cannot build kernel set "${name}": its tree holds ${String(kernels.length)} kernels (${kernels.join(', ')})`,
    { hint: 'name one kernel package in kernel_package and none in packages' },
  );
}
