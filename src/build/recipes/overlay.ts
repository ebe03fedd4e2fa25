/** An overlay: what its provisioners change over the base image, packed as cpio. */
import type { OverlayStep } from '../../plan/plan.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { guardOverlay, packOverlay } from '../step/pack.js';
import { provision } from '../step/provision.js';
import type { StepServices } from '../step/services.js';
import { mountBase } from '../step/trees.js';

/** @param base The base image's artifact, from this run or from the current release. */
export async function buildOverlay(
  step: OverlayStep,
  base: Artifact,
  services: StepServices,
): Promise<Artifact[]> {
  const { image, fileName } = step;
  const lower = await mountBase(base, services);
  const changes = await services.tempTree('changes');
  await provision(image, { lower, changes, base: base.digest }, services);

  await guardOverlay(image.name, changes, base, services);
  const described = { kind: 'overlay', name: image.name, fileName, format: 'cpio.gz' } as const;
  return [await packOverlay(changes, described, base, services)];
}
