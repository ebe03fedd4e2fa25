/** Names of what a killed run may leave in a store: whoever takes the lock of builds next removes it. */
import path from 'node:path';
import { namesIn } from '../host/names-in.js';
import { removeTree } from '../host/trees.js';
import { PARTIAL_SUFFIX } from '../host/whole-file.js';

/** Of what is not whole yet. */
export const STAGING_PREFIX = '.new-';
/** Of a release that is being removed: readers see it no more. */
export const LEAVING_PREFIX = '.gone-';

/** For whoever holds the lock of builds. @param store its directory */
export async function clearLeftovers(store: string): Promise<void> {
  for (const name of ['objects', 'releases', 'inputs', '.']) {
    const directory = path.join(store, name);
    for (const entry of await namesIn(directory)) {
      if (isLeftover(entry)) await removeTree(path.join(directory, entry));
    }
  }
}

function isLeftover(name: string): boolean {
  if (name.endsWith(PARTIAL_SUFFIX)) return true;
  return name.startsWith(STAGING_PREFIX) || name.startsWith(LEAVING_PREFIX);
}
