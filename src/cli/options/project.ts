/** The project that a command works on. */
import { loadProject } from '../../project/load.js';
import type { Config } from '../../project/config.js';
import type { Context } from './context.js';

/** The project around `-C DIR` or the working directory; every mistake in it is thrown at once. */
export async function openProject(context: Context): Promise<Config> {
  return await loadProject(context.directory);
}
