/** Where packages come from, and which settings decide it. */
import type { Settings } from '../project/keys/setting-keys.js';

/** Mirror lines as they stand in a one-line-style sources.list, for one suite. */
export interface AptSources {
  readonly lines: readonly string[];
  /** `http://host:port`, or undefined. */
  readonly proxy?: string;
  /** Pins, as they stand in apt's preferences. */
  readonly preferences?: string;
}

/** By `sourcesKey` of the settings that decide them. */
export type SourcesByKey = Readonly<Record<string, AptSources>>;

/** One word for them: images that share it share their sources. */
export function sourcesKey(settings: Settings): string {
  const { suite, components, aptServer, aptSnapshot, aptProxy } = settings;
  return [suite, components.join(','), aptServer, aptSnapshot, aptProxy]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** The sources of an image or a project with these settings. */
export function sourcesFor(settings: Settings, sources: SourcesByKey): AptSources {
  return sources[sourcesKey(settings)] ?? { lines: [] };
}
