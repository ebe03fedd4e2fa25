/** Boot profiles of a release: those of the project whose artifacts are all there. */
import type { ProfileConfig } from '../project/config.js';
import { findArtifact } from '../contract/artifact-key.js';
import type { Artifact, ArtifactKind, BootProfile } from '../contract/release-manifest.js';

export interface ResolvedProfiles {
  readonly profiles: readonly BootProfile[];
  /** Profiles that cannot boot a node yet, with the reason. */
  readonly incomplete: readonly { readonly profile: string; readonly reason: string }[];
  /** The wanted default, when it can be booted. */
  readonly defaultProfile?: string;
}

/** Finds each profile's artifacts. Pure. */
export function resolveProfiles(
  profiles: readonly ProfileConfig[],
  artifacts: readonly Artifact[],
  defaultProfile?: string,
): ResolvedProfiles {
  const resolved: BootProfile[] = [];
  const incomplete: { profile: string; reason: string }[] = [];
  for (const profile of profiles) {
    const result = resolve(profile, artifacts);
    if (typeof result === 'string') incomplete.push({ profile: profile.name, reason: result });
    else resolved.push(result);
  }
  const hasDefault = resolved.some(({ name }) => name === defaultProfile);
  return {
    profiles: resolved,
    incomplete,
    ...(defaultProfile !== undefined && hasDefault ? { defaultProfile } : {}),
  };
}

function resolve(profile: ProfileConfig, artifacts: readonly Artifact[]): BootProfile | string {
  const find = (kind: ArtifactKind, name: string | undefined): Artifact | undefined =>
    name === undefined ? undefined : findArtifact(artifacts, { kind, name });
  const kernel = find('kernel', profile.kernel);
  const initrd = find('initrd', profile.kernel);
  const modules = find('modules', profile.kernel);
  if (kernel === undefined || initrd === undefined || modules === undefined) {
    return profile.kernel === undefined
      ? 'the project has no kernel set'
      : `kernel set "${profile.kernel}" is not built`;
  }
  const base = find('base', profile.base);
  if (base === undefined) {
    return profile.base === undefined
      ? 'the project has no base image'
      : `base image "${profile.base}" is not built`;
  }
  const overlays: string[] = [];
  for (const name of profile.overlays) {
    const overlay = find('overlay', name);
    if (overlay === undefined) return `overlay "${name}" is not built`;
    if (overlay.baseDigest !== base.digest) return `overlay "${name}" is made over another base`;
    overlays.push(overlay.fileName);
  }
  return {
    name: profile.name,
    kernel: kernel.fileName,
    initrd: initrd.fileName,
    modules: modules.fileName,
    base: base.fileName,
    overlays,
    arguments: profile.arguments,
    nodes: profile.nodes,
  };
}
