/** Budgets: how large an image may be, and where its bytes are when it is larger. */
import { compareArtifacts } from '../../archive/contents/compare.js';
import {
  archiveFormat,
  withContents,
  type ContentEntry,
} from '../../archive/contents/with-contents.js';
import { readPackages } from '../../archive/contents/package-table.js';
import { directoryOf, totalsBy, type Total } from '../../archive/contents/totals.js';
import { OnibError, OnibErrors } from '../../core/errors.js';
import type { Config, ImageConfig } from '../../project/config.js';
import { productsOf } from '../../plan/products.js';
import { findArtifact, hasArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Store } from '../../store/store.js';

/** Groups of bytes that an error names. */
const MOST_GROUPS = 6;

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

/** Bytes before they are compressed, by package where the artifact tells, and by directory. */
async function whereBytesAre({ digest, kind }: Artifact, store: Store): Promise<string[]> {
  const file = store.objectPath(digest);
  if ((await archiveFormat(file)) === undefined) return [];
  return await withContents(file, async (contents) => {
    const { owners } = await readPackages(contents);
    const entries = [...contents.entries.values()];
    const owned: ContentEntry[] = entries.filter(({ path }) => owners.has(path));
    const group = kind === 'modules' ? moduleDirectory : directoryOf;
    return [
      ...block(
        'biggest packages',
        totalsBy(owned, (path) => owners.get(path) ?? ''),
      ),
      ...block('biggest directories', totalsBy(entries, group)),
    ];
  });
}

/** `usr/lib/modules/<version>/kernel/drivers/net`. */
function moduleDirectory(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 7).join('/');
}

async function whatGrew(before: Artifact, after: Artifact, store: Store): Promise<string[]> {
  const files = [store.objectPath(before.digest), store.objectPath(after.digest)] as const;
  const grown = `since the last release: ${signed(after.size - before.size)}`;
  if ((await archiveFormat(files[0])) === undefined) return [`  ${grown}`];
  const { byPackage, byDirectory } = await compareArtifacts(...files);
  const plus = (totals: readonly Total[]): Total[] => totals.filter(({ bytes }) => bytes > 0);
  return [
    `  ${grown}`,
    ...block('packages that grew', plus(byPackage)),
    ...block('directories that grew', plus(byDirectory)),
  ];
}

function block(title: string, totals: readonly Total[]): string[] {
  if (totals.length === 0) return [];
  const groups = totals
    .slice(0, MOST_GROUPS)
    .map(({ name, bytes }) => `${name === '' ? '/' : name} ${megabytes(bytes)}`);
  return [`  ${title} (unpacked): ${groups.join(', ')}`];
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function signed(bytes: number): string {
  return bytes < 0 ? `-${megabytes(-bytes)}` : `+${megabytes(bytes)}`;
}
