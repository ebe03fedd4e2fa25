/** Bytes of files, summed up by directory or by package. */
import type { ByteString } from '../../core/byte-string.js';
import type { EntryChange } from './diff.js';
import type { ContentEntry } from './entry.js';

export interface Total {
  readonly name: string;
  readonly bytes: number;
  readonly files: number;
}

/** Directories of sums: two levels tell usr/lib from usr/share, and no more than fit a screen. */
const LEVELS = 2;

/** `usr/lib/x/y` → `usr/lib`; a file at the top stands for itself. */
export function directoryOf(path: ByteString): ByteString {
  const names = path.split('/');
  return names.slice(0, Math.min(LEVELS, Math.max(names.length - 1, 1))).join('/');
}

/** Largest first; names of one file count once. */
export function totalsBy(
  entries: Iterable<ContentEntry>,
  group: (path: ByteString) => string,
): Total[] {
  const totals = new Map<string, { bytes: number; files: number }>();
  const linked = new Set<string>();
  for (const { path, kind, size, link } of entries) {
    if (kind !== 'file') continue;
    if (link !== undefined) {
      if (linked.has(link)) continue;
      linked.add(link);
    }
    const name = group(path);
    const total = totals.get(name) ?? { bytes: 0, files: 0 };
    totals.set(name, { bytes: total.bytes + size, files: total.files + 1 });
  }
  return bySize(totals);
}

/** What changes add (or, below 0, take away); the largest change first, and none that is 0. */
export function changesBy(
  changes: Iterable<EntryChange>,
  group: (path: ByteString) => string,
): Total[] {
  const totals = new Map<string, { bytes: number; files: number }>();
  for (const change of changes) {
    const before = change.change === 'added' ? 0 : fileSize(change.before);
    const after = change.change === 'removed' ? 0 : fileSize(change.after);
    const name = group(change.path);
    const total = totals.get(name) ?? { bytes: 0, files: 0 };
    totals.set(name, { bytes: total.bytes + after - before, files: total.files + 1 });
  }
  return bySize(totals).filter(({ bytes }) => bytes !== 0);
}

function fileSize({ kind, size }: ContentEntry): number {
  return kind === 'file' ? size : 0;
}

function bySize(totals: ReadonlyMap<string, { bytes: number; files: number }>): Total[] {
  return [...totals]
    .map(([name, total]) => ({ name, ...total }))
    .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || (a.name < b.name ? -1 : 1));
}
