/** What apt, dpkg and the bootstrappers mean when they fail, in words and with a cure. Pure. */
import { OnibError, type SourcePlace } from '../errors.js';
import { lastLines } from '../host/run.js';

interface Symptom {
  readonly code: string;
  readonly pattern: RegExp;
  readonly message: (match: RegExpExecArray) => string;
  readonly hint: string;
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
    message: ({ groups }) => {
      const name = groups?.name ?? groups?.name2 ?? groups?.name3 ?? groups?.name4;
      return `the suite has no package "${name ?? ''}"`;
    },
    hint: 'check the name, the suite and the components (main, contrib, non-free-firmware)',
  },
  {
    code: 'MIRROR_UNREACHABLE',
    pattern:
      /(?:Could not resolve|Temporary failure resolving|Could not connect to|Unable to connect to|Connection refused|Connection timed out|Network is unreachable|Failed to fetch)[^\n]*/,
    message: ([line]) => `the package mirror cannot be reached (${line.trim()})`,
    hint: 'check the network and apt_server / apt_proxy in group_vars/on_imagebuild; onib doctor tries the mirror',
  },
  {
    code: 'SUITE_UNKNOWN',
    pattern: /does not have a Release file|404 +Not Found[^\n]*Release|Invalid Release file/,
    message: () => 'the mirror has no such suite',
    hint: 'check suite in group_vars/on_imagebuild: a Debian codename such as trixie',
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
  where?: SourcePlace,
): OnibError {
  for (const symptom of SYMPTOMS) {
    const match = symptom.pattern.exec(output);
    if (match === null) continue;
    return new OnibError(
      symptom.code,
      `Cannot install packages of ${what}: ${symptom.message(match)}`,
      {
        hint: symptom.hint,
        details: lastLines(output),
        ...(where === undefined ? {} : { where }),
      },
    );
  }
  return new OnibError(fallbackCode, `Cannot install packages of ${what}: the installer failed`, {
    details: lastLines(output, 30),
    ...(where === undefined ? {} : { where }),
  });
}
