/** What apt, dpkg and the bootstrappers mean when they fail, in words and with a cure. Pure. */
import { OnibError, type SourcePlace } from '../../core/errors.js';
import { lastLines } from '../../core/last-lines.js';
import type { ImageConfig, ImagePlaces } from '../../project/config.js';

interface Symptom {
  readonly code: string;
  readonly pattern: RegExp;
  readonly message: (match: RegExpExecArray) => string;
  readonly hint: string;
  /** The place in the project that caused it. */
  readonly place?: (match: RegExpExecArray, places: ImagePlaces) => SourcePlace | undefined;
}

/** What is known of the image that packages are installed for. */
export type AptImage = Pick<ImageConfig, 'file' | 'places'>;

/** The first group that took part. */
function nameIn({ groups }: RegExpExecArray): string {
  return Object.values(groups ?? {}).find(Boolean) ?? '';
}

/** Of apt, and of Ansible's apt module: there is no such package, or not in that version. */
const NOT_OFFERED =
  /Unable to locate package|No package\(?s?\)? matching|has no installation candidate|no available installation candidate|Version '[^']*' for '[^']*' was not found|have unmet dependencies|Couldn't find any package/;

/** Whether another source of packages could have made it succeed. */
export function lacksPackage(output: string): boolean {
  return NOT_OFFERED.test(output);
}

/** First match wins: a full disk also makes downloads fail. */
const SYMPTOMS: readonly Symptom[] = [
  {
    code: 'DISK_FULL',
    pattern: /No space left on device|You don't have enough free space/,
    message: () => 'the filesystem that trees are built in is full',
    hint: 'raise build_root_size in group_vars/on_imagebuild, or free memory',
  },
  {
    code: 'PACKAGE_UNKNOWN',
    pattern:
      /Unable to locate package (?<name>\S+)|No package matching '(?<name2>[^']+)'|Couldn't find these debs: (?<name3>\S+)|Package '?(?<name4>[^\s']+)'? has no installation candidate/,
    message: (match) => `the suite has no package "${nameIn(match)}"`,
    hint: 'check the name, the suite and the components (main, contrib, non-free-firmware)',
    place: (match, places) => places.packages[nameIn(match)],
  },
  {
    code: 'MIRROR_UNREACHABLE',
    pattern:
      /(?:Could not resolve|Temporary failure resolving|Could not connect to|Unable to connect to|Connection refused|Connection timed out|Network is unreachable|Failed to fetch)[^\n]*/,
    message: ([line]) => `the package mirror cannot be reached (${line.trim()})`,
    hint: 'check the network and apt_server / apt_proxy in group_vars/on_imagebuild; onib doctor tries the mirror',
    place: (_, places) => places.mirror,
  },
  {
    code: 'SUITE_UNKNOWN',
    pattern:
      /The repository '\S+ (?<suite>\S+) Release' does not have a Release file|404 +Not Found[^\n]*Release|Invalid Release file/,
    message: (match) =>
      nameIn(match) === ''
        ? 'the mirror has no such suite'
        : `the mirror has no suite "${nameIn(match)}"`,
    hint: 'check suite in group_vars/on_imagebuild: a Debian codename such as trixie',
    place: (_, places) => places.suite,
  },
];

/**
 * An error for a failed bootstrap or apt task: `code` is one of the symptoms', or `fallbackCode`.
 * @param what `base image "base"`: goes into "Cannot install packages of …".
 */
export function explainAptFailure(
  what: string,
  output: string,
  fallbackCode: string,
  image?: AptImage,
): OnibError {
  const file = image === undefined ? undefined : { file: image.file };
  for (const symptom of SYMPTOMS) {
    const match = symptom.pattern.exec(output);
    if (match === null) continue;
    const where = image?.places && symptom.place?.(match, image.places);
    return new OnibError(
      symptom.code,
      `Cannot install packages of ${what}: ${symptom.message(match)}`,
      {
        hint: symptom.hint,
        details: lastLines(output),
        ...placed(where ?? file),
      },
    );
  }
  return new OnibError(fallbackCode, `Cannot install packages of ${what}: the installer failed`, {
    details: lastLines(output, 30),
    ...placed(file),
  });
}

function placed(where: SourcePlace | undefined): { where?: SourcePlace } {
  return where === undefined ? {} : { where };
}
