/** The base image: a minimal Debian, provisioned and packed as one squashfs that overlays share. */
import type { BaseStep } from '../../plan/plan.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Workshop } from '../step/workshop.js';

export async function buildBaseImage(step: BaseStep, workshop: Workshop): Promise<Artifact[]> {
  const tree = await workshop.bootstrap(step.image, step.image.packages);
  const changes = await workshop.tempTree('changes');
  await workshop.provision(step.image, { lower: tree, changes });
  await using mounts = workshop.mounts();
  const whole = await workshop.mergeChanges(mounts, tree, changes);
  return [
    await workshop.packSquashfs(whole, {
      kind: 'base',
      name: step.image.name,
      fileName: step.fileName,
      format: 'squashfs',
    }),
  ];
}
