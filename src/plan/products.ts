/** What is made of each image, and of the project's boot loaders. */
import { KERNEL_SET_PARTS, type ArtifactKey } from '../contract/artifact-key.js';
import type { ImageConfig } from '../project/config.js';

/** iPXE of Debian's `ipxe` package: BIOS, UEFI on the firmware's own network driver, UEFI with its own drivers. */
export const LOADERS = ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'] as const;

export const LOADER_PRODUCTS: readonly ArtifactKey[] = LOADERS.map((name) => ({
  kind: 'loader',
  name,
}));

/** Title of the step that makes them, and their name in the lock. */
export const LOADERS_TITLE = 'boot loaders';

/** Keys of the artifacts that an image is released as. */
export function productsOf({ kind, name }: Pick<ImageConfig, 'kind' | 'name'>): ArtifactKey[] {
  switch (kind) {
    case 'base':
    case 'overlay':
      return [{ kind, name }];
    case 'initrd':
      return KERNEL_SET_PARTS.map((part) => ({ kind: part, name }));
  }
}
