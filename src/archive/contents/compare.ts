/** Everything that is worth telling about two artifacts that differ. */
import { byteString, type ByteString } from '../../core/byte-string.js';
import { diffContents, type EntryChange } from './diff.js';
import { withContents } from './with-contents.js';
import { versionChanges, type VersionChange } from '../../core/version-changes.js';
import { readPackages, type PackageTable } from './package-table.js';
import { changesBy, directoryOf, type Total } from './totals.js';

export interface Comparison {
  readonly changes: readonly EntryChange[];
  readonly packages: readonly VersionChange[];
  /** Bytes that came or went, the largest change first. */
  readonly byDirectory: readonly Total[];
  readonly byPackage: readonly Total[];
}

/** @throws {OnibError} as {@link withContents} */
export async function compareArtifacts(a: string, b: string): Promise<Comparison> {
  return await withContents(a, async (before) =>
    withContents(b, async (after) => {
      const changes = await diffContents(before, after);
      const [old, now] = [await readPackages(before), await readPackages(after)];
      return {
        changes,
        packages: versionChanges(old.versions, now.versions),
        byDirectory: changesBy(changes, directoryOf),
        byPackage: changesBy(changes, (path) => ownerOf(path, now, old)),
      };
    }),
  );
}

const NO_PACKAGE = byteString('(no package)');

function ownerOf(path: ByteString, now: PackageTable, old: PackageTable): string {
  return now.owners.get(path) ?? old.owners.get(path) ?? NO_PACKAGE;
}
