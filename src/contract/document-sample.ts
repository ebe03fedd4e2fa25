/** A boot as docs/boot-contract.md shows it. */
import type { Digest } from '../core/digest.js';
import type { Boot } from './boot.js';
import type { Artifact, ArtifactFormat, ArtifactKind } from './release-manifest.js';

const KERNEL = '6.12.57+deb13-amd64';

export function bootOf(): Boot {
  const artifacts = {
    kernel: artifact('kernel', 'kernel', 'bzImage', '1', 12_200_000),
    initrd: artifact('initrd', 'kernel', 'initramfs', '2', 17_500_000),
    modules: artifact('modules', 'kernel', 'squashfs', '3', 48_600_000),
    base: artifact('base', 'base', 'squashfs', '4', 46_900_000),
    overlay: artifact('overlay', 'discovery', 'cpio.gz', '5', 7_600_000),
  };
  const { kernel, initrd, modules, base, overlay } = artifacts;
  const profile = {
    name: 'discovery',
    kernel: kernel.fileName,
    initrd: initrd.fileName,
    modules: modules.fileName,
    base: base.fileName,
    overlays: [overlay.fileName],
    arguments: [],
  };
  const release = {
    schema: 'onib.release/2' as const,
    id: '20261120T140501Z-3f9c',
    created: '2026-11-20T14:05:01.000Z',
    onib: '0.1.0',
    artifacts: Object.values(artifacts),
    profiles: [profile],
    incomplete: [],
  };
  return { release, profile, kernel, initrd, layers: [modules, base, overlay] };
}

function artifact(
  kind: ArtifactKind,
  name: string,
  format: ArtifactFormat,
  digit: string,
  size: number,
): Artifact {
  const digest: Digest = `sha256:${digit.repeat(64)}`;
  return {
    ...{ kind, name, format, digest, size },
    fileName: `${kind}.${name}`,
    architecture: 'amd64',
    ...(kind === 'base' || kind === 'overlay' ? {} : { kernelVersion: KERNEL }),
    inputDigest: digest,
    inputs: {},
    seconds: 1,
  };
}
