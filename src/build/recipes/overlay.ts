/** An overlay: what its provisioners change over the base image, packed as cpio. */
import type { OverlayStep } from '../../plan/plan.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Workshop } from '../step/workshop.js';

/** @param base The base image's artifact, from this run or from the current release. */
export async function buildOverlay(
  step: OverlayStep,
  base: Artifact,
  workshop: Workshop,
): Promise<Artifact[]> {
  const lower = await workshop.mountBase(base);
  const changes = await workshop.tempTree('changes');
  await workshop.provision(step.image, { lower, changes, base: base.digest });
  await workshop.guardOverlay(step.image.name, changes, base);
  return [
    await workshop.packOverlay(
      changes,
      { kind: 'overlay', name: step.image.name, fileName: step.fileName, format: 'cpio.gz' },
      base,
    ),
  ];
}
