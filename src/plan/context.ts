/** What a plan is made from: the project, what is known of the world, and what a user asked for. */
import type { Config, ImageConfig } from '../project/config.js';
import type { ImageKind } from '../project/keys/kinds.js';
import type { Facts } from './facts.js';
import { wantedImages, wantsLoaders, type Wanted } from './wanted-images.js';

export interface Context {
  readonly config: Config;
  readonly facts: Facts;
  readonly force: boolean;
  /** Images that were asked for by themselves. */
  readonly wanted: ReadonlySet<ImageConfig>;
  readonly wantsLoaders: boolean;
}

/** @throws {OnibErrors} when `wanted` names what the project does not have (exit 2). */
export function contextOf(config: Config, facts: Facts, wanted: Wanted): Context {
  return {
    config,
    facts,
    force: wanted.force ?? false,
    wanted: new Set(wantedImages(config, wanted)),
    wantsLoaders: wantsLoaders(config, wanted),
  };
}

/** Images of a kind that were asked for. */
export function wantedOfKind({ wanted }: Context, kind: ImageKind): ImageConfig[] {
  return [...wanted].filter((image) => image.kind === kind);
}

/** Bases that were asked for, and those that overlays need. */
export function neededBases(context: Context): ImageConfig[] {
  const names = new Set(wantedOfKind(context, 'overlay').map(({ base }) => base));
  return context.config.images.filter(
    (image) => image.kind === 'base' && (context.wanted.has(image) || names.has(image.name)),
  );
}
