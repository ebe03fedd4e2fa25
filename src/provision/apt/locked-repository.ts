/**
 * A package archive of exactly the packages that a lock names, for apt to see: a Release file and
 * one index. apt finds the packages themselves among its downloaded archives.
 * https://wiki.debian.org/DebianRepository/Format
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../host/run.js';
import { markUsed } from '../../host/used-files.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import type { LockedPackage } from '../../lock/model.js';
import { hexOf } from '../../core/digest.js';
import { debName } from './package-index.js';

/** Where it is seen inside a tree. */
export const LOCKED_IN_TREE = '/run/onib/packages';

/** Label by which pins know it. */
const LABEL = 'onib-locked';

/** Above 1000, so that apt takes these versions also where the mirror has newer ones (apt_preferences(5)). */
export const LOCKED_PREFERENCES = `Package: *
Pin: release l=${LABEL}
Pin-Priority: 1001
`;

export interface RepositoryRequest {
  /** Absolute path of an empty or missing directory. */
  readonly directory: string;
  readonly packages: readonly LockedPackage[];
  readonly settings: Settings;
  /** Directory of the packages' files. */
  readonly archives: string;
  /** Directory of control paragraphs by digest, kept between builds. */
  readonly controls: string;
  readonly signal: AbortSignal;
}

/** The line of apt's sources by which the repository is found at `directory`. */
export function lockedSource(directory: string, { suite }: Settings): string {
  return `deb [trusted=yes] copy:${encodeURI(directory)} ${suite} main`;
}

/** @returns Names of packages that are in it, real and virtual ones. */
export async function writeLockedRepository(
  request: RepositoryRequest,
): Promise<ReadonlySet<string>> {
  const { settings, directory } = request;
  const known = request.packages.filter(({ digest }) => digest !== undefined);
  const controls = await readControls(known, request);
  const index = known
    .map((one) => {
      const hex = hexOfPackage(one);
      return `${controls.get(hex) ?? ''}Filename: pool/${debName(one)}\nSize: ${String(one.size)}\nSHA256: ${hex}\n\n`;
    })
    .join('');
  // apt takes them from its archives; debootstrap looks here.
  await mkdir(directory, { recursive: true });
  await symlink(request.archives, path.join(directory, 'pool'));
  const name = `main/binary-${settings.architecture}/Packages`;
  const distribution = path.join(directory, 'dists', settings.suite);
  await mkdir(path.join(distribution, path.dirname(name)), { recursive: true });
  await writeFile(path.join(distribution, name), index);
  await writeFile(path.join(distribution, 'Release'), release(name, index, settings));
  return new Set([...known.map((one) => one.name), ...providedNames(index)]);
}

/** `Provides: mail-transport-agent, foo (= 1.2)`. */
function providedNames(index: string): string[] {
  return [...index.matchAll(/^Provides: (.*)$/gm)].flatMap(([, list = '']) =>
    list.split(',').map((one) => one.trim().replace(/[ :(].*$/, '')),
  );
}

function release(name: string, index: string, { suite, architecture }: Settings): string {
  const digest = createHash('sha256').update(index).digest('hex');
  return [
    `Origin: onib`,
    `Label: ${LABEL}`,
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    // Not that of the build: apt takes no release from the future, however little its clock is behind.
    `Date: ${new Date(0).toUTCString()}`,
    `Architectures: ${architecture} all`,
    `Components: main`,
    'SHA256:',
    ` ${digest} ${String(Buffer.byteLength(index))} ${name}`,
    '',
  ].join('\n');
}

/** Control paragraphs by the hex digest of their package; read from the packages once. */
async function readControls(
  packages: readonly LockedPackage[],
  { archives, controls, signal }: RepositoryRequest,
): Promise<Map<string, string>> {
  await mkdir(controls, { recursive: true });
  const found = new Map<string, string>();
  const unknown: LockedPackage[] = [];
  for (const one of packages) {
    const text = await readFile(path.join(controls, hexOfPackage(one)), 'utf8').catch(() => '');
    if (text === '') unknown.push(one);
    else found.set(hexOfPackage(one), text);
  }
  await markUsed(packages.map((one) => path.join(controls, hexOfPackage(one))));
  if (unknown.length === 0) return found;
  // A rename at the end, because another build may do the same.
  const script =
    'while [ $# -gt 0 ]; do dpkg-deb --field "$1" >"$2.$$" && mv "$2.$$" "$2" || exit; shift 2; done';
  const pairs = unknown.flatMap((one) => [
    path.join(archives, debName(one)),
    path.join(controls, hexOfPackage(one)),
  ]);
  await run(['sh', '-c', script, 'sh', ...pairs], { signal });
  for (const one of unknown) {
    found.set(hexOfPackage(one), await readFile(path.join(controls, hexOfPackage(one)), 'utf8'));
  }
  return found;
}

function hexOfPackage({ digest = 'sha256:' }: LockedPackage): string {
  return hexOf(digest);
}
