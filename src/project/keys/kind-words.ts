/** How errors speak of the kinds of image. */
import type { ImageKind } from '../config.js';

const WORDS: Readonly<Record<ImageKind, string>> = {
  base: 'base image',
  initrd: 'kernel set',
  overlay: 'overlay',
};

/** `base image`, `kernel set`, `overlay`. */
export function wordOf(kind: ImageKind): string {
  return WORDS[kind];
}

/** `a base image`, `an overlay`. */
export function withArticle(kind: ImageKind): string {
  return `${kind === 'overlay' ? 'an' : 'a'} ${WORDS[kind]}`;
}
