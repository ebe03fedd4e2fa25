/**
 * Names of a release's files. Their usual ones say what they are (`base.trixie.squashfs`); where a release holds
 * several of one usual name, each has the name of its image before it (`minimal.base.trixie.squashfs`). Pure.
 */
import type { Artifact, ArtifactKind } from './release-manifest.js';

type Named = Pick<Artifact, 'kind' | 'name' | 'fileName'>;

/** How usual names begin, of the kinds of which two images may make the same; the others hold their own name. */
const BEGINNINGS: Readonly<Partial<Record<ArtifactKind, string>>> = {
  base: 'base.',
  kernel: 'vmlinuz-',
  initrd: 'initrd.img-',
  modules: 'modules.',
};

function usualName({ kind, name, fileName }: Named): string {
  const beginning = BEGINNINGS[kind];
  const own = `${name}.`;
  const hasOwn = beginning !== undefined && fileName.startsWith(own + beginning);
  return hasOwn ? fileName.slice(own.length) : fileName;
}

/** The artifacts of one release, each with the name that it has there; names of earlier releases do not matter. */
export function withUniqueFileNames<T extends Named>(artifacts: readonly T[]): T[] {
  const usual = artifacts.map(usualName);
  return artifacts.map((artifact, index) => {
    const name = usual[index] ?? artifact.fileName;
    const isAlone = usual.indexOf(name) === usual.lastIndexOf(name);
    return { ...artifact, fileName: isAlone ? name : `${artifact.name}.${name}` };
  });
}
