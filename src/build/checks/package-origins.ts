/**
 * From which packages files are that stand apart from them: the kernel, what an initrd was put together from.
 * dpkg's lists in the tree that they were made in tell, by digest, and by path where a file was changed.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ByteString } from '../../core/byte-string.js';
import type { ArtifactContents } from '../../archive/contents/with-contents.js';
import { parsePackages, STATUS_FILE } from '../../archive/contents/package-list.js';
import { conffileDigests, listedDigests } from '../../archive/contents/shipped-digests.js';
import type { PackageInfo } from '../../contract/release-manifest.js';

const INFO = 'var/lib/dpkg/info';

export class PackageOrigins {
  private constructor(
    private readonly packages: readonly PackageInfo[],
    private readonly byPath: ReadonlyMap<string, string>,
    private readonly byDigest: ReadonlyMap<string, string>,
    /** MD5 digests, in hexadecimal, of all that the packages ship. */
    readonly shipped: ReadonlySet<string>,
  ) {}

  /** @param tree absolute path of a tree with dpkg's database */
  static async read(tree: string): Promise<PackageOrigins> {
    const byPath = new Map<string, string>();
    const byDigest = new Map<string, string>();
    for (const file of await readdir(path.join(tree, INFO))) {
      const [, name, kind] = /^([^:]+?)(?::[^.]+)?\.(list|md5sums)$/.exec(file) ?? [];
      if (name === undefined) continue;
      const text = await readFile(path.join(tree, INFO, file), 'latin1');
      if (kind === 'md5sums') for (const digest of listedDigests(text)) byDigest.set(digest, name);
      else for (const line of text.split('\n')) byPath.set(withoutUsr(line.slice(1)), name);
    }
    const status = await readFile(path.join(tree, STATUS_FILE), 'utf8');
    const shipped = new Set([...byDigest.keys(), ...conffileDigests(status)]);
    return new PackageOrigins(parsePackages(status), byPath, byDigest, shipped);
  }

  /** Of one file, by its path in the tree. */
  ofPath(file: string): PackageInfo[] {
    return this.named(new Set([this.byPath.get(withoutUsr(file))]));
  }

  /**
   * Of all files in an archive. The digest comes first: in an initrd, names of other packages' programs are
   * links to busybox.
   */
  async ofContents(contents: ArtifactContents): Promise<PackageInfo[]> {
    const names = new Set<string | undefined>();
    const isFilled = (file: ByteString): boolean => (contents.entries.get(file)?.size ?? 0) > 0;
    for await (const { path: file, bytes } of contents.files(isFilled)) {
      const hash = createHash('md5');
      for await (const piece of bytes) hash.update(piece);
      names.add(this.byDigest.get(hash.digest('hex')) ?? this.byPath.get(withoutUsr(file)));
    }
    return this.named(names);
  }

  private named(names: ReadonlySet<string | undefined>): PackageInfo[] {
    return this.packages.filter(({ name }) => names.has(name));
  }
}

/** Packages may still call a file /lib/x that is /usr/lib/x. */
function withoutUsr(file: string): string {
  return file.replace(/^usr\//, '');
}
