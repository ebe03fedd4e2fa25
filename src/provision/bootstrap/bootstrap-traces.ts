/** Takes out of a new tree what the bootstrapper wrote: column `bootstrapper` of policy/image-policy.ts. */
import { lstat, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { IMAGE_POLICY, type PolicyRow } from '../../policy/image-policy.js';

/** @param ownSources The bootstrapper was given lines of sources. */
export async function removeBootstrapTraces(tree: string, ownSources: boolean): Promise<void> {
  const traces = IMAGE_POLICY.flatMap(({ bootstrapper = [] }: PolicyRow) => bootstrapper);
  for (const trace of traces) {
    if (trace.withOwnSources === true && !ownSources) continue;
    const file = path.join(tree, trace.path);
    const stats = await lstat(file).catch(unlessMissing);
    // A link stays: systemd-resolved's package makes /etc/resolv.conf one, and a node needs it.
    if (stats?.isFile() !== true) continue;
    if (trace.emptied === true) await truncate(file);
    else await rm(file);
  }
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
