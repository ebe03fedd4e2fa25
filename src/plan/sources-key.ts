/** Which settings decide where packages come from. */
import type { Settings } from '../project/config.js';

/** One word for them: images that share it share their sources. */
export function sourcesKey(settings: Settings): string {
  const { suite, components, aptServer, aptProxy } = settings;
  return [suite, components.join(','), aptServer, aptProxy]
    .filter((part) => part !== undefined)
    .join(' ');
}
