/** The base image: a minimal Debian, provisioned and packed as one squashfs that overlays share. */
import type { BaseStep } from '../../plan/plan.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { bootstrap } from '../step/bootstrap.js';
import { packSquashfs } from '../step/pack.js';
import { provision } from '../step/provision.js';
import type { StepServices } from '../step/services.js';
import { mergeChanges } from '../step/trees.js';

export async function buildBaseImage(step: BaseStep, services: StepServices): Promise<Artifact[]> {
  const { image, fileName } = step;
  const tree = await bootstrap(image, image.packages ?? [], services);
  const changes = await services.tempTree('changes');
  await provision(image, { lower: tree, changes }, services);

  await using mounts = services.mounts();
  const whole = await mergeChanges(mounts, tree, changes, services);
  const described = { kind: 'base', name: image.name, fileName, format: 'squashfs' } as const;
  return [await packSquashfs(whole, described, services)];
}
