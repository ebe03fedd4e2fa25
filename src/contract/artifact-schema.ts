/** Artifacts as manifests and records of the store hold them. */
import * as v from 'valibot';
import type { Schema } from '../core/checked.js';
import { architecture, count, digest, fileName } from './forms.js';
import { ARTIFACT_KINDS, type Artifact, type ArtifactFormat } from './release-manifest.js';

const formats = [
  'squashfs',
  'cpio.gz',
  'bzImage',
  'initramfs',
  'binary',
] as const satisfies readonly ArtifactFormat[];

const packageInfo = v.looseObject({
  name: v.string(),
  version: v.string(),
  architecture,
  source: v.string(),
  installedSize: count,
});

export const artifactSchema: Schema<Artifact> = v.looseObject({
  kind: v.picklist(ARTIFACT_KINDS),
  name: fileName,
  fileName,
  format: v.picklist(formats),
  digest,
  size: count,
  architecture,
  kernelVersion: v.exactOptional(fileName),
  inputDigest: digest,
  inputs: v.record(v.string(), v.string()),
  baseDigest: v.exactOptional(digest),
  packages: v.exactOptional(v.array(packageInfo)),
  seconds: v.number(),
});
