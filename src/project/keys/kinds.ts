/** The kinds of image, and how errors speak of them. */

export const IMAGE_KINDS = ['base', 'initrd', 'overlay'] as const;

export type ImageKind = (typeof IMAGE_KINDS)[number];

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
