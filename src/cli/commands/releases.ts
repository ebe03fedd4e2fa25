/** `onib releases`: the releases of a store, newest first. */
import type { Command } from 'commander';
import { pairArtifacts } from '../../build/explain/release-diff.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import { listReleases, type ReleaseState } from '../../store/releases.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';
import { formatAge, formatBytes, formatTable } from '../show/format.js';

export function registerReleases(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'releases',
    summary: 'all releases of the store: age, size, what changed',
    examples: [
      ['onib releases', 'newest first; what is current, pinned, or was served'],
      ['onib releases --json', 'the same as one JSON object'],
    ],
  });
  addStoreOption(command).action(async (options: StoreOptions) => {
    const store = await openStore(context, options);
    const rows = describe(await listReleases(store));
    context.output.object({ schema: 'onib.releases/1', store: store.directory, releases: rows });
    context.output.result(releaseLines(rows, context).join('\n'));
  });
}

interface Change {
  readonly fileName: string;
  readonly change: 'added' | 'removed' | 'changed';
}

interface Row {
  readonly id: string;
  readonly created: string | null;
  readonly size: number | null;
  readonly current: boolean;
  readonly pinned: boolean;
  /** ISO 8601. */
  readonly served: string | null;
  /** Why it was never current. */
  readonly held: string | null;
  readonly problem: string | null;
  /** From the release before it. */
  readonly changes: readonly Change[];
}

function describe(releases: readonly ReleaseState[]): Row[] {
  return releases.map(({ id, manifest, current, pinned, served, held, problem }, index) => ({
    id,
    created: manifest?.created ?? null,
    size: manifest === undefined ? null : sizeOf(manifest),
    ...{ current, pinned, held: held ?? null, problem: problem ?? null },
    served: served === undefined ? null : new Date(served).toISOString(),
    changes: changesOf(releases[index + 1]?.manifest, manifest),
  }));
}

function sizeOf({ artifacts }: ReleaseManifest): number {
  return artifacts.reduce((sum, { size }) => sum + size, 0);
}

function changesOf(
  before: ReleaseManifest | undefined,
  after: ReleaseManifest | undefined,
): Change[] {
  const pairs = pairArtifacts(before?.artifacts ?? [], after?.artifacts ?? []);
  return pairs.flatMap(({ before: old, after: made }): Change[] => {
    if (made === undefined) return [{ fileName: old?.fileName ?? '', change: 'removed' }];
    if (old === undefined) return [{ fileName: made.fileName, change: 'added' }];
    return old.digest === made.digest ? [] : [{ fileName: made.fileName, change: 'changed' }];
  });
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

function releaseLines(rows: readonly Row[], { output }: Context): string[] {
  if (rows.length === 0) return ['no release yet: onib build all makes one, onib push copies one'];
  const cells = rows.map(
    ({ id, created, size, current, pinned, served, held, problem, changes }, index) => {
      const words = [
        ...(current ? ['current'] : []),
        ...(pinned ? ['pinned'] : []),
        ...(held === null ? [] : ['never current']),
        ...(served === null ? [] : [`served ${ageOf(served)} ago`]),
        ...(problem === null ? [] : [`INCOMPLETE: ${problem}`]),
      ];
      const changed = changes.map(({ fileName, change }) => SIGNS[change] + fileName).join(' ');
      const first = index === rows.length - 1;
      return [
        current ? output.style(id, 'bold') : id,
        created === null ? '' : ageOf(created),
        size === null ? '' : formatBytes(size),
        words.join(', '),
        first ? `${String(changes.length)} files` : changed || 'the same files',
      ];
    },
  );
  return formatTable(cells, ['left', 'right', 'right', 'left', 'left']);
}

function ageOf(time: string): string {
  return formatAge((Date.now() - Date.parse(time)) / 1000);
}
