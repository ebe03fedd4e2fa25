/**
 * Reads a release manifest: the one reader of builder, CLI and boot server. A manifest is written by onib
 * itself, but by another process, perhaps another version on another machine: what paths, URLs and scripts are
 * built from is checked here.
 */
import * as v from 'valibot';
import { checked, parseJson, Unfit, type Schema } from '../core/checked.js';
import { OnibError } from '../core/errors.js';
import { artifactSchema } from './artifact-schema.js';
import { isBoot, assembleBoot } from './boot.js';
import { fileName, mac, time } from './forms.js';
import { RELEASE_SCHEMAS, type BootProfile, type ReleaseManifest } from './release-manifest.js';

const profile: Schema<BootProfile> = v.looseObject({
  name: fileName,
  kernel: fileName,
  initrd: fileName,
  modules: fileName,
  base: fileName,
  overlays: v.array(fileName),
  arguments: v.array(v.pipe(v.string(), v.nonEmpty('a kernel argument'))),
  nodes: v.exactOptional(v.array(mac)),
});

const incomplete = v.looseObject({ profile: fileName, reason: v.string() });

const body = {
  id: fileName,
  created: time,
  onib: v.string(),
  artifacts: v.array(artifactSchema),
  profiles: v.array(profile),
  incomplete: v.exactOptional(v.array(incomplete)),
  defaultProfile: v.exactOptional(fileName),
  defaultProfileMissing: v.exactOptional(incomplete),
};

/** Of any version, so that one that is too new is told apart from one that is damaged. */
const versioned = v.looseObject({ schema: v.string() });

const manifestSchema: Schema<ReleaseManifest> = v.looseObject({
  schema: v.picklist(RELEASE_SCHEMAS),
  ...body,
});

/**
 * @param text of the manifest
 * @param file that it is from, for messages
 * @param id of the release that it should describe; undefined: any
 * @throws {OnibError} `RELEASE_MANIFEST_INVALID`
 */
export function parseReleaseManifest(
  text: string,
  file: string,
  id: string | undefined,
): ReleaseManifest {
  try {
    const value = parseJson(text);
    checkVersion(checked(value, versioned).schema);
    const manifest = checked(value, manifestSchema);
    if (id !== undefined && manifest.id !== id) throw new Unfit(`it describes "${manifest.id}"`);
    checkUnique(manifest.artifacts.map((artifact) => artifact.fileName));
    return withBootableDefault(manifest);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new OnibError(
      'RELEASE_MANIFEST_INVALID',
      `Cannot read release manifest "${file}": ${error.message}`,
      {
        hint: 'onib rollback goes to the release before it; a newer onib may have written it',
        where: { file },
        cause: error,
      },
    );
  }
}

function checkVersion(schema: string): void {
  if ((RELEASE_SCHEMAS as readonly string[]).includes(schema)) return;
  throw new Unfit(
    `its schema is ${JSON.stringify(schema)}, known are ${RELEASE_SCHEMAS.join(' and ')}`,
  );
}

function checkUnique(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Unfit(`two artifacts have the name "${twice}"`);
}

/** Version 1 may name a default that its release cannot boot. */
function withBootableDefault(manifest: ReleaseManifest): ReleaseManifest {
  const { defaultProfile: name, ...rest } = manifest;
  if (name === undefined) return manifest;
  const found = manifest.profiles.find((candidate) => candidate.name === name);
  if (found !== undefined && isBoot(assembleBoot(manifest, found))) return manifest;
  const reason = found === undefined ? 'the release lacks a part of it' : 'a file of it is missing';
  return { ...rest, defaultProfileMissing: { profile: name, reason } };
}
