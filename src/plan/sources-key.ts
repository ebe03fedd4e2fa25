/** Which settings decide where packages come from. */
import type { Settings } from '../project/config.js';

/** One word for them: images that share it share their sources. */
export function sourcesKey(settings: Settings): string {
  const { suite, components, aptServer, aptSnapshot, aptProxy } = settings;
  return [suite, components.join(','), aptServer, aptSnapshot, aptProxy]
    .filter((part) => part !== undefined)
    .join(' ');
}
