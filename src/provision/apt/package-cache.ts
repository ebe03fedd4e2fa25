/**
 * Downloaded packages: files under the names that apt gives them, trusted by digest only. Packages
 * that a lock names are fetched here straight from the mirror's pool, so that a build needs no
 * package lists, and no network at all once they are there.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import { lastLines } from '../../core/last-lines.js';
import { fileDigest } from '../../host/file-digest.js';
import { run } from '../../host/run.js';
import type { AptSources } from '../../plan/sources.js';
import { LOCK_FILE, type LockedPackage } from '../../lock/model.js';
import { hexOf, type Digest } from '../../core/digest.js';
import { debName } from './package-index.js';

const APT_HELPER = '/usr/lib/apt/apt-helper';

export interface PackagesRequest {
  /** For messages: `overlay "discovery"`. */
  readonly what: string;
  readonly packages: readonly LockedPackage[];
  readonly sources: AptSources;
  /** Directory of downloaded packages, read and added to. */
  readonly archives: string;
  readonly signal: AbortSignal;
}

/** Digest of a file; undefined when there is none. */
export async function packageDigest(file: string): Promise<Digest | undefined> {
  return await fileDigest(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}

/**
 * Makes sure that every package of a lock is there with its digest; what is not is fetched.
 *
 * @throws {OnibError} `PACKAGE_GONE` when the mirror no longer has a version,
 *   `MIRROR_UNREACHABLE` when there is no answer.
 */
export async function ensurePackages(request: PackagesRequest): Promise<void> {
  let missing = await missingPackages(request.packages, request.archives);
  let output = '';
  // Security updates lie in an archive of their own; the path says which only to a person.
  for (const address of addressesOf(request.sources)) {
    if (missing.length === 0) return;
    output += await download(missing, address, request);
    missing = await missingPackages(missing, request.archives);
  }
  if (missing.length > 0) throw notFetched(missing, output, request.what);
}

/** Packages whose file is not there, or is another one, which is removed. */
async function missingPackages(
  packages: readonly LockedPackage[],
  archives: string,
): Promise<LockedPackage[]> {
  const missing: LockedPackage[] = [];
  for (const one of packages) {
    if (one.digest === undefined) continue;
    const file = path.join(archives, debName(one));
    const digest = await packageDigest(file);
    if (digest === one.digest) continue;
    if (digest !== undefined) await rm(file);
    missing.push(one);
  }
  return missing;
}

/** Addresses of the archives that source lines name, each once. */
function addressesOf(sources: AptSources): string[] {
  const addresses = sources.lines.map((line) => /^deb (?:\[[^\]]*\] )?(\S+)/.exec(line)?.[1] ?? '');
  return [...new Set(addresses)].filter((address) => address !== '');
}

/** @returns What the downloader said. */
async function download(
  packages: readonly LockedPackage[],
  address: string,
  { sources, archives, signal }: PackagesRequest,
): Promise<string> {
  const files = packages.flatMap((one) => [
    `${address}/${one.file ?? ''}`,
    path.join(archives, debName(one)),
    `SHA256:${hexOf(one.digest ?? 'sha256:')}`,
  ]);
  const proxy = sources.proxy === undefined ? [] : ['-o', `Acquire::http::Proxy=${sources.proxy}`];
  const options = ['-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=1', ...proxy];
  const { stdout, stderr } = await run([APT_HELPER, ...options, 'download-file', ...files], {
    env: { LC_ALL: 'C.UTF-8' },
    signal,
    check: false,
    debianPackage: 'apt',
  });
  return stdout + stderr;
}

function notFetched(missing: readonly LockedPackage[], output: string, what: string): OnibError {
  const names = missing.map(({ name, version }) => `${name} ${version}`);
  const which = names.length === 1 ? names.join('') : `${names.length} packages`;
  const details = names.length === 1 ? [] : names;
  if (/ 404 | 410 |Hash Sum mismatch|hash sum|Not Found/i.test(output)) {
    return new OnibError(
      'PACKAGE_GONE',
      `Cannot build ${what} with the packages of ${LOCK_FILE}: the mirror no longer has ${which}`,
      {
        where: { file: LOCK_FILE },
        details,
        hint: "onib build all --refresh takes today's versions; apt_snapshot in group_vars/on_imagebuild takes an archive of the past",
      },
    );
  }
  return new OnibError(
    'MIRROR_UNREACHABLE',
    `Cannot build ${what} with the packages of ${LOCK_FILE}: ${which} cannot be fetched`,
    {
      details: [...details, ...lastLines(output)],
      hint: 'check the network and apt_server / apt_proxy in group_vars/on_imagebuild; onib doctor tries the mirror',
    },
  );
}
