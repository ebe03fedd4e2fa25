/**
 * The boot manifest: what one node's initrd has to fetch, check and stack, one fact a line, so that
 * a shell can read it (docs/decisions/0005-boot-manifest.md). Pure.
 */
import { createHash } from 'node:crypto';
import type { Artifact } from './release-manifest.js';
import type { Boot } from './boot.js';
import { hexOf } from '../core/digest.js';

export interface BootManifest {
  readonly text: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** @param sources URLs that end in `/` and serve objects by their digest, best first */
export function renderBootManifest(boot: Boot, sources: readonly string[]): BootManifest {
  const { kernelVersion } = boot.kernel;
  const lines = [
    'onib-boot 1',
    `release ${boot.release.id}`,
    ...(kernelVersion === undefined ? [] : [`kernel ${kernelVersion}`]),
    ...boot.layers.map(
      (layer) =>
        `layer ${layerName(layer)} ${layer.format} ${hexOf(layer.digest)} ${String(layer.size)}`,
    ),
    ...sources.map((source) => `source ${source}`),
  ];
  const text = `${lines.join('\n')}\n`;
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** `base` and `modules` whatever the project calls them: there is one of each in a boot. */
function layerName(layer: Artifact): string {
  return layer.kind === 'overlay' ? layer.name : layer.kind;
}
