/** Where the packages of a project's images come from. */
import { findLocalProxy } from './local-proxy.js';
import { aptSources, readHostApt } from './apt-sources.js';
import { sourcesKey, type SourcesByKey } from '../../plan/sources.js';
import type { Config } from '../../project/config.js';

export async function gatherSources(config: Config): Promise<SourcesByKey> {
  const host = await readHostApt();
  const all = [config.settings, ...config.images.map((image) => image.settings)];
  const auto = all.some(({ aptProxy }) => aptProxy === 'auto');
  const localProxy = auto ? await findLocalProxy() : undefined;
  return Object.fromEntries(
    all.map((settings) => [sourcesKey(settings), aptSources(settings, host, localProxy)]),
  );
}
