/**
 * The package lock: exactly which packages every image is made of, and the text of it. YAML, one package
 * a line, so that a change of versions reads well in a diff.
 */
import type { Digest } from '../core/digest.js';

export const LOCK_FILE = 'onib.lock';
export const LOCK_SCHEMA = 'onib.lock/1';

/** One binary package of an image. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Debian architecture, or `all`. */
  readonly architecture: string;
  /** Of the .deb file; undefined for what no archive offers: a file that a role brought itself. */
  readonly digest?: Digest;
  /** Bytes of the .deb file. */
  readonly size?: number;
  /** Below the archive's address: `pool/main/e/ethtool/ethtool_6.14.2-1_amd64.deb`. */
  readonly file?: string;
}

/** The packages of one image; of an overlay, those that it has beyond its base. */
export interface ImageLock {
  /** Debian codename; packages of another suite are no answer for this one. */
  readonly suite?: string;
  /** Debian architecture of the image. */
  readonly architecture?: string;
  /** Digest of what decides which packages are asked for (plan/inputs/package-inputs.ts). While it is the same, apt sees no others. */
  readonly request: Digest;
  /** Sorted by name, then architecture. */
  readonly packages: readonly LockedPackage[];
}

/** By the image's name; boot loaders under their step's title. */
export type PackageLock = Readonly<Record<string, ImageLock>>;

const HEAD = `# The packages of every image, exactly. onib build writes and follows this file; commit it.
# Newer versions: onib build all --refresh
`;

export function formatLock(lock: PackageLock): string {
  const images = Object.keys(lock)
    .sort()
    .flatMap((name) => [
      `  ${JSON.stringify(name)}:`,
      ...(['suite', 'architecture'] as const).flatMap((key) =>
        lock[name]?.[key] === undefined ? [] : [`    ${key}: ${lock[name][key]}`],
      ),
      `    request: ${lock[name]?.request ?? ''}`,
      ...(lock[name]?.packages.length === 0 ? ['    packages: []'] : ['    packages:']),
      ...(lock[name]?.packages ?? []).map((one) => `      - ${formatPackage(one)}`),
    ]);
  const body = images.length === 0 ? ['images: {}'] : ['images:', ...images];
  return `${HEAD}schema: ${LOCK_SCHEMA}\n${body.join('\n')}\n`;
}

function formatPackage({ name, version, architecture, digest, size, file }: LockedPackage): string {
  const known = digest === undefined ? [] : [digest, String(size ?? 0), file ?? ''];
  return [name, version, architecture, ...known].join(' ');
}
