/** Debian packages of an artifact, from dpkg's own database in it: versions, and which file is whose. */
import type { ByteString } from '../../core/byte-string.js';
import type { ArtifactContents } from './entry.js';
import { followPath, wholeFiles } from './read.js';

const STATUS = 'var/lib/dpkg/status';
const LIST = /^var\/lib\/dpkg\/info\/([^/:]+)(?::[^/]+)?\.list$/;

export interface PackageTable {
  /** Version of each installed package, by name. */
  readonly versions: ReadonlyMap<string, string>;
  /** Package of each path, as far as this artifact's own lists say. */
  readonly owners: ReadonlyMap<ByteString, string>;
}

export async function readPackages(contents: ArtifactContents): Promise<PackageTable> {
  const files = await wholeFiles(contents, (path) => path === STATUS || LIST.test(path));
  const owners = new Map<ByteString, string>();
  // Packages may still call a file /lib/x that is /usr/lib/x.
  const directories = new Map<ByteString, ByteString | undefined>();
  const resolve = (directory: ByteString): ByteString => {
    if (!directories.has(directory)) {
      directories.set(directory, followPath(contents.entries, directory)?.path);
    }
    return directories.get(directory) ?? directory;
  };
  for (const [path, bytes] of files) {
    const [, name] = LIST.exec(path) ?? [];
    if (name === undefined) continue;
    for (const line of bytes.toString('latin1').split('\n')) {
      const cut = line.lastIndexOf('/');
      if (cut < 0) continue;
      const directory = resolve(line.slice(1, Math.max(cut, 1)));
      owners.set(
        directory === '' ? line.slice(cut + 1) : `${directory}/${line.slice(cut + 1)}`,
        name,
      );
    }
  }
  return { versions: parseStatus(files.get(STATUS)?.toString('utf8') ?? ''), owners };
}

/** deb822 paragraphs of dpkg's status file; packages that are not installed are left out. */
export function parseStatus(text: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const paragraph of text.split(/\n\n+/)) {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
    const [name, version, status] = [field('Package'), field('Version'), field('Status')];
    if (name === undefined || version === undefined) continue;
    if (status?.endsWith(' installed') === true) versions.set(name, version);
  }
  return versions;
}
