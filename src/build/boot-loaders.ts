/** Boot loaders: iPXE for BIOS and UEFI from Debian's ipxe package, so that a boot server's host needs none. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../errors.js';
import type { LoadersStep } from '../plan/plan.js';
import { unpackPackages } from '../provision/unpack-packages.js';
import type { Artifact } from '../store/manifest.js';
import type { Workshop } from './workshop.js';

const PACKAGE = 'ipxe';
/** Where Debian's ipxe package keeps its loaders. */
const LOADER_DIRECTORY = 'usr/lib/ipxe';

export async function buildBootLoaders(step: LoadersStep, workshop: Workshop): Promise<Artifact[]> {
  workshop.stage(`unpack ${PACKAGE}`);
  const tree = await workshop.tempTree('loaders');
  if (!(await workshop.packages.unpackLocked(PACKAGE, tree))) {
    await unpackPackages({
      what: step.title,
      packages: [PACKAGE],
      settings: step.settings,
      sources: step.sources,
      tree,
      keepDownloads: true,
      signal: workshop.context.signal,
    });
    await workshop.packages.recordUnpacked([PACKAGE], {
      lists: path.join(tree, 'var/lib/apt/lists'),
      archives: path.join(tree, 'var/cache/apt/archives'),
    });
  }
  const artifacts: Artifact[] = [];
  for (const name of step.files) {
    const file = path.join(tree, LOADER_DIRECTORY, name);
    await requireLoader(file, name, step.settings.suite);
    artifacts.push(
      await workshop.keep(file, { kind: 'loader', name, fileName: name, format: 'binary' }),
    );
  }
  return artifacts;
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
