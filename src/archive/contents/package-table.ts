/** Debian packages of an artifact, from dpkg's own database in it: versions, and which file is whose. */
import type { ByteString } from '../../core/byte-string.js';
import { versionsOf } from '../../core/version-changes.js';
import type { ArtifactContents } from './entry.js';
import { parsePackages, STATUS_FILE } from './package-list.js';
import { followPath, wholeFiles } from './read.js';

const LIST = /^var\/lib\/dpkg\/info\/([^/:]+)(?::[^/]+)?\.list$/;

export interface PackageTable {
  /** Version of each installed package, by name. */
  readonly versions: ReadonlyMap<string, string>;
  /** Package of each path, as far as this artifact's own lists say. */
  readonly owners: ReadonlyMap<ByteString, string>;
}

export async function readPackages(contents: ArtifactContents): Promise<PackageTable> {
  const files = await wholeFiles(contents, (path) => path === STATUS_FILE || LIST.test(path));
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
  const installed = parsePackages(files.get(STATUS_FILE)?.toString('utf8') ?? '');
  return { versions: versionsOf(installed), owners };
}
