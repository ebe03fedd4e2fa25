/** Budgets: how large an image may be. */
import { OnibError, OnibErrors } from '../../core/errors.js';
import type { Config, ImageConfig } from '../../project/config.js';
import { productsOf } from '../../plan/products.js';
import { findArtifact, hasArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Store } from '../../store/store.js';
import type * as ImageBytes from './image-bytes.js';

/** Loaded for an image that is too large: looking into archives takes many modules. */
const imageBytes = async (): Promise<typeof ImageBytes> => import('./image-bytes.js');

/**
 * Compares what a release would hold with the budgets of the project's images.
 *
 * @param artifacts of the release that is to be made; all are in the store
 * @param before those of the current release
 * @throws {OnibErrors} `SIZE_BUDGET` for each image that is too large
 */
export async function checkBudgets(
  config: Config,
  artifacts: readonly Artifact[],
  before: readonly Artifact[],
  store: Store,
): Promise<void> {
  const errors: OnibError[] = [];
  for (const image of config.images) {
    const { sizeBudget } = image.settings;
    const own = artifactsOf(image, artifacts);
    const size = sizeOf(own);
    if (sizeBudget === undefined || size <= sizeBudget) continue;
    errors.push(await overBudget(image, sizeBudget, own, artifactsOf(image, before), store));
  }
  if (errors.length > 0) throw new OnibErrors(errors);
}

function artifactsOf(image: ImageConfig, artifacts: readonly Artifact[]): Artifact[] {
  const products = productsOf(image);
  return artifacts.filter((one) => hasArtifact(products, one));
}

function sizeOf(artifacts: readonly Artifact[]): number {
  return artifacts.reduce((sum, { size }) => sum + size, 0);
}

async function overBudget(
  image: ImageConfig,
  budget: number,
  own: readonly Artifact[],
  before: readonly Artifact[],
  store: Store,
): Promise<OnibError> {
  const { megabytes, whatGrew, whereBytesAre } = await imageBytes();
  const details: string[] = [];
  for (const artifact of own) {
    details.push(`${artifact.fileName}: ${megabytes(artifact.size)}`);
    details.push(...(await whereBytesAre(artifact, store)));
    const old = findArtifact(before, artifact);
    if (old !== undefined && old.digest !== artifact.digest) {
      details.push(...(await whatGrew(old, artifact, store)));
    }
  }
  return new OnibError(
    'SIZE_BUDGET',
    `Cannot release ${image.kind} "${image.name}": it has ${megabytes(sizeOf(own))}, and size_budget allows ${megabytes(budget)}`,
    {
      details,
      hint: `leave something out, or raise size_budget in ${image.file}`,
      where: { file: image.file },
    },
  );
}
