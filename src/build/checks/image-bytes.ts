/** Where the bytes of an image are, as lines of an error. */
import { compareArtifacts } from '../../archive/contents/compare.js';
import {
  archiveFormat,
  withContents,
  type ContentEntry,
} from '../../archive/contents/with-contents.js';
import { readPackages } from '../../archive/contents/package-table.js';
import { directoryOf, totalsBy, type Total } from '../../archive/contents/totals.js';
import type { Artifact } from '../../contract/release-manifest.js';
import type { Store } from '../../store/store.js';

/** Groups of bytes that an error names. */
const MOST_GROUPS = 6;

/** Bytes before they are compressed, by package where the artifact tells, and by directory. */
export async function whereBytesAre({ digest, kind }: Artifact, store: Store): Promise<string[]> {
  const file = store.objectPath(digest);
  if ((await archiveFormat(file)) === undefined) return [];
  return await withContents(file, async (contents) => {
    const { owners } = await readPackages(contents);
    const entries = [...contents.entries.values()];
    const owned: ContentEntry[] = entries.filter(({ path }) => owners.has(path));
    const group = kind === 'modules' ? moduleDirectory : directoryOf;
    return [
      ...block(
        'biggest packages',
        totalsBy(owned, (path) => owners.get(path) ?? ''),
      ),
      ...block('biggest directories', totalsBy(entries, group)),
    ];
  });
}

/** `usr/lib/modules/<version>/kernel/drivers/net`. */
function moduleDirectory(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 7).join('/');
}

/** What an artifact has more than its previous build. */
export async function whatGrew(before: Artifact, after: Artifact, store: Store): Promise<string[]> {
  const files = [store.objectPath(before.digest), store.objectPath(after.digest)] as const;
  const grown = `since the last release: ${signed(after.size - before.size)}`;
  if ((await archiveFormat(files[0])) === undefined) return [`  ${grown}`];
  const { byPackage, byDirectory } = await compareArtifacts(...files);
  const plus = (totals: readonly Total[]): Total[] => totals.filter(({ bytes }) => bytes > 0);
  return [
    `  ${grown}`,
    ...block('packages that grew', plus(byPackage)),
    ...block('directories that grew', plus(byDirectory)),
  ];
}

function block(title: string, totals: readonly Total[]): string[] {
  if (totals.length === 0) return [];
  const groups = totals
    .slice(0, MOST_GROUPS)
    .map(({ name, bytes }) => `${name === '' ? '/' : name} ${megabytes(bytes)}`);
  return [`  ${title} (unpacked): ${groups.join(', ')}`];
}

/** `12.3 MB`, `4.5 kB`. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function signed(bytes: number): string {
  return bytes < 0 ? `-${megabytes(-bytes)}` : `+${megabytes(bytes)}`;
}
