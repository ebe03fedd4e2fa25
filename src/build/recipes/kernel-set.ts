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
import type { OpenTree } from '../step/open-tree.js';
import type { Workshop } from '../step/workshop.js';

const INITRD_IN_TREE = '/root/initrd.img';

export async function buildKernelSet(step: KernelSetStep, workshop: Workshop): Promise<Artifact[]> {
  const { image } = step;
  const kernelPackages = image.kernelPackage === undefined ? [] : [image.kernelPackage];
  const tree = await workshop.bootstrap(image, [...image.packages, ...kernelPackages]);
  const changes = await workshop.tempTree('changes');
  await workshop.provision(image, { lower: tree, changes });

  await using open = await workshop.openTree(tree, changes);
  const kernelVersion = await onlyKernel(open.root, image.name);

  workshop.stage(`make the initrd for ${kernelVersion}`);
  await workshop.chroot(open, ['mkinitramfs', '-o', INITRD_IN_TREE, kernelVersion]);

  const modules = await makeModulesLayer(open, kernelVersion, step, workshop);

  const common = { name: image.name, kernelVersion };
  return [
    await workshop.keep(
      path.join(open.root, 'boot', `vmlinuz-${kernelVersion}`),
      { ...common, kind: 'kernel', fileName: `vmlinuz-${kernelVersion}`, format: 'bzImage' },
      { origin: open.root },
    ),
    await workshop.keep(
      path.join(open.root, INITRD_IN_TREE),
      { ...common, kind: 'initrd', fileName: `initrd.img-${kernelVersion}`, format: 'initramfs' },
      { origin: open.root },
    ),
    await workshop.packSquashfs(
      modules,
      {
        ...common,
        kind: 'modules',
        fileName: `modules.${kernelVersion}.squashfs`,
        format: 'squashfs',
      },
      open.root,
    ),
  ];
}

/** @returns The layer's tree, inside the open tree's private /tmp. */
async function makeModulesLayer(
  open: OpenTree,
  kernelVersion: string,
  step: KernelSetStep,
  workshop: Workshop,
): Promise<string> {
  workshop.stage('select modules');
  const layer = path.join(open.root, 'tmp/modules');
  await copyModules(open.root, kernelVersion, step.image.moduleLayer ?? [], layer);
  await workshop.chroot(open, ['depmod', '-b', '/tmp/modules/usr', kernelVersion]);
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
