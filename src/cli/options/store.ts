/** The store that a command works on. */
import { Store } from '../../store/store.js';
import type { Context } from './context.js';
import { openProject } from './project.js';

/** The store of the project around `-C DIR` or the working directory. */
export async function openStore(context: Context): Promise<Store> {
  return new Store((await openProject(context)).settings.artifactPath);
}
