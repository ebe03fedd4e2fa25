/** Images by name, and which one is meant where nobody says. */
import type { ImageConfig } from '../config.js';
import type { ImageKind } from '../keys/kinds.js';

export function findImage(
  images: readonly ImageConfig[],
  kind: ImageKind,
  name: string | undefined,
): ImageConfig | undefined {
  return images.find((image) => image.kind === kind && image.name === name);
}

/** Names of all images of a kind. */
export function namesOfKind(images: readonly ImageConfig[], kind: ImageKind): string[] {
  return images.filter((image) => image.kind === kind).map(({ name }) => name);
}

/** Which one is meant where nobody says: the only one, or the one that has the usual name. */
export function onlyOrUsual(names: readonly string[], usual: string): string | undefined {
  return names.length === 1 ? names[0] : names.find((name) => name === usual);
}
