/**
 * Reads a release manifest. It is written by onib itself, but by another process, perhaps another version on
 * another machine: what the server builds paths, URLs and scripts from is checked here, once.
 */
import { OnibError } from '../core/errors.js';
import type { ReleaseManifest } from './release-manifest.js';

/** What people see in paths and URLs: one path segment, no leading dot, nothing that needs quoting anywhere. */
const NAME = /^[A-Za-z0-9_+~-][A-Za-z0-9._+~-]{0,254}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param id of the release that the file should describe
 * @throws OnibError RELEASE_MANIFEST_INVALID
 */
export function parseReleaseManifest(text: string, id: string, file: string): ReleaseManifest {
  try {
    const manifest = asFields(JSON.parse(text), 'the manifest');
    if (manifest.schema !== 'onib.release/1') throw new Problem('schema is not "onib.release/1"');
    if (manifest.id !== id) throw new Problem(`it describes ${JSON.stringify(manifest.id)}`);
    asList(manifest, 'artifacts').forEach((item, index) => {
      checkArtifact(asFields(item, `artifacts[${String(index)}]`));
    });
    asList(manifest, 'profiles').forEach((item, index) => {
      checkProfile(asFields(item, `profiles[${String(index)}]`));
    });
    if (manifest.defaultProfile !== undefined) readString(manifest, 'defaultProfile', NAME);
    const parsed = manifest as unknown as ReleaseManifest;
    const names = parsed.artifacts.map((artifact) => artifact.fileName);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Problem(`two artifacts have the name "${twice}"`);
    return parsed;
  } catch (error) {
    if (!(error instanceof Problem || error instanceof SyntaxError)) throw error;
    throw new OnibError(
      'RELEASE_MANIFEST_INVALID',
      `Cannot read release manifest "${file}": ${error.message}`,
      {
        hint: 'onib build all writes a new release; the boot server must not be older than the builder',
        where: { file },
        cause: error,
      },
    );
  }
}

export function isReleaseId(text: string): boolean {
  return NAME.test(text);
}

class Problem extends Error {}

function checkArtifact(artifact: Fields): void {
  const name = readString(artifact, 'fileName', NAME);
  readString(artifact, 'kind', /^(base|kernel|initrd|modules|overlay|loader)$/);
  readString(artifact, 'name', NAME);
  readString(artifact, 'format', /^[a-zA-Z0-9.]+$/);
  readString(artifact, 'digest', DIGEST);
  if (artifact.kernelVersion !== undefined) readString(artifact, 'kernelVersion', NAME);
  const size = artifact.size;
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw new Problem(`"${name}" has no size`);
}

function checkProfile(profile: Fields): void {
  const name = readString(profile, 'name', NAME);
  for (const key of ['kernel', 'initrd', 'modules', 'base']) readString(profile, key, NAME);
  checkStrings(profile, 'overlays', NAME, name);
  checkStrings(profile, 'arguments', /./, name);
  checkStrings(profile, 'nodes', MAC, name);
}

function checkStrings(fields: Fields, key: string, form: RegExp, which: string): void {
  for (const item of asList(fields, key)) {
    if (typeof item !== 'string' || !form.test(item)) {
      throw new Problem(
        `profile "${which}" has an unusable entry among its ${key}: ${JSON.stringify(item)}`,
      );
    }
  }
}

function readString(fields: Fields, key: string, form: RegExp): string {
  const value = fields[key];
  if (typeof value !== 'string' || !form.test(value)) {
    throw new Problem(
      `${key} is ${value === undefined ? 'missing' : `unusable: ${JSON.stringify(value)}`}`,
    );
  }
  return value;
}

function asFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem(`${what} is not an object`);
  }
  return value as Fields;
}

function asList(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw new Problem(`${key} is not a list`);
  return value;
}
