/** Boot loaders: iPXE for BIOS and UEFI from Debian's ipxe package, so that a boot server's host needs none. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseControl } from '../../archive/contents/package-list.js';
import { OnibError } from '../../core/errors.js';
import type { LoadersStep } from '../../plan/plan.js';
import { run } from '../../host/run.js';
import { debName } from '../../provision/apt/package-index.js';
import { unpackPackages } from '../../provision/bootstrap/unpack-packages.js';
import type { Artifact, PackageInfo } from '../../contract/release-manifest.js';
import { keep } from '../step/pack.js';
import type { StepServices } from '../step/services.js';

const PACKAGE = 'ipxe';
/** Where Debian's ipxe package keeps its loaders. */
const LOADER_DIRECTORY = 'usr/lib/ipxe';

export async function buildBootLoaders(
  step: LoadersStep,
  services: StepServices,
): Promise<Artifact[]> {
  services.stage(`unpack ${PACKAGE}`);
  const tree = await services.tempTree('loaders');
  if (!(await services.packages.unpackLocked(PACKAGE, tree))) {
    await unpackPackages({
      what: step.title,
      packages: [PACKAGE],
      settings: step.settings,
      sources: step.sources,
      tree,
      keepDownloads: true,
      signal: services.signal,
    });
    await services.packages.recordUnpacked([PACKAGE], {
      lists: path.join(tree, 'var/lib/apt/lists'),
      archives: path.join(tree, 'var/cache/apt/archives'),
    });
  }
  const packages = await readPackage(services, tree);
  const artifacts: Artifact[] = [];
  for (const name of step.files) {
    const file = path.join(tree, LOADER_DIRECTORY, name);
    await requireLoader(file, name, step.settings.suite);
    const described = { kind: 'loader', name, fileName: name, format: 'binary' } as const;
    artifacts.push({ ...(await keep(file, described, services)), packages });
  }
  return artifacts;
}

/** What the package says of itself: it is unpacked only, so no dpkg knows of it. */
async function readPackage(services: StepServices, tree: string): Promise<PackageInfo[]> {
  const { recorded, archives } = services.packages;
  const names = recorded.filter(({ name }) => name === PACKAGE).map(debName);
  const places = [archives, path.join(tree, 'var/cache/apt/archives')];
  const files = names.flatMap((name) => places.map((place) => path.join(place, name)));
  const file = files.find((one) => existsSync(one));
  if (file === undefined) return [];
  const { signal } = services;
  return parseControl((await run(['dpkg-deb', '--field', file], { signal })).stdout);
}

async function requireLoader(file: string, name: string, suite: string): Promise<void> {
  try {
    await stat(file);
  } catch (cause) {
    throw new OnibError(
      'LOADER_MISSING',
      `Cannot provide boot loader "${name}": the ipxe package of ${suite} does not bring it`,
      { cause },
    );
  }
}
