/** Which packages a tree holds, exactly: dpkg's word, with the digest that the archive's index gives. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LockedPackage } from '../../lock/model.js';
import {
  fieldOf,
  installedPackages,
  packageKey,
  paragraphsOf,
  type InstalledPackage,
  packageOf,
} from './package-index.js';

const STATUS = 'var/lib/dpkg/status';

export interface RecordRequest {
  /** Absolute path of the tree. */
  readonly tree: string;
  /** Tree below it, whose packages do not count. */
  readonly below?: string;
  /** Directory of apt's package lists. */
  readonly lists: string;
  /** What is known already. */
  readonly locked: readonly LockedPackage[];
}

/** The tree's packages, sorted by name and architecture. */
export async function recordPackages(request: RecordRequest): Promise<LockedPackage[]> {
  const installed = installedPackages(await readFile(path.join(request.tree, STATUS)));
  const below =
    request.below === undefined
      ? []
      : installedPackages(await readFile(path.join(request.below, STATUS)));
  const inherited = new Set(below.map(packageKey));
  const own = installed.filter((one) => !inherited.has(packageKey(one)));
  const known = new Map(
    request.locked
      .filter(({ digest }) => digest !== undefined)
      .map((one) => [packageKey(one), one]),
  );
  const unknown = own.filter((one) => !known.has(packageKey(one)));
  for (const one of await findInLists(unknown, request.lists)) known.set(packageKey(one), one);
  return own.map((one) => known.get(packageKey(one)) ?? one);
}

/** Entries of apt's lists for these versions of packages. */
export async function findInLists(
  packages: readonly InstalledPackage[],
  lists: string,
): Promise<LockedPackage[]> {
  const wanted = new Set(packages.map(packageKey));
  const found = new Map<string, LockedPackage>();
  for await (const one of entriesOf(packages, lists)) {
    if (wanted.has(packageKey(one)) && !found.has(packageKey(one))) found.set(packageKey(one), one);
  }
  return [...found.values()];
}

/** All versions of these packages in apt's lists, by `<name> <architecture>`. */
export async function listedVersions(
  packages: readonly InstalledPackage[],
  lists: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const versions = new Map<string, string[]>();
  for await (const { name, architecture, version } of entriesOf(packages, lists)) {
    const key = `${name} ${architecture}`;
    versions.set(key, [...(versions.get(key) ?? []), version]);
  }
  return versions;
}

async function* entriesOf(
  packages: readonly InstalledPackage[],
  lists: string,
): AsyncIterable<LockedPackage> {
  if (packages.length === 0) return;
  const names = new Set(packages.map(({ name }) => name));
  for (const file of (await readdir(lists)).filter((name) => name.endsWith('_Packages')).sort()) {
    yield* paragraphsOf(await readFile(path.join(lists, file)), names).map(indexEntry);
  }
}

function indexEntry(paragraph: string): LockedPackage {
  const field = (name: string): string => fieldOf(paragraph, name) ?? '';
  return {
    ...packageOf(paragraph),
    digest: `sha256:${field('SHA256')}`,
    size: Number(field('Size')),
    file: field('Filename').replace(/^\.\//, ''),
  };
}
