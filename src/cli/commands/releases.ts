/** `onib releases`, `rollback`, `pin`, `unpin`, `gc`: the releases of a store, and how to get back to one. */
import { InvalidArgumentError, type Command } from 'commander';
import { pairArtifacts } from '../../build/explain/release-diff.js';
import { CACHE_DIRECTORY } from '../../host/host-cache.js';
import { collectGarbage, type GcResult } from '../../store/gc.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import { listReleases, rollBack, setPin, type ReleaseState } from '../../store/releases.js';
import { Store } from '../../store/store.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { formatAge, formatBytes, formatTable } from '../show/format.js';
import { openProject } from '../options/project.js';

const DEFAULT_KEEP = 3;

export function registerReleases(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'releases',
    summary: 'all releases of the store: age, size, what changed',
    examples: [
      ['onib releases', 'newest first; what is current, pinned, or was served'],
      ['onib releases --json', 'the same as one JSON object'],
    ],
  }).action(async () => {
    const store = await openStore(context);
    const rows = describe(await listReleases(store));
    context.output.object({ schema: 'onib.releases/1', store: store.directory, releases: rows });
    context.output.result(releaseLines(rows, context).join('\n'));
  });
}

export function registerRollback(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'rollback',
    summary: 'make an earlier release the current one',
    examples: [
      ['onib rollback', 'the release before the current one'],
      ['onib rollback 20261120T140501Z-3f9c', 'this release'],
    ],
  })
    .argument('[id]', 'a release; default: the one before the current')
    .action(async (id: string | undefined) => {
      const { now, before } = await rollBack(await openStore(context), id);
      context.output.object({ schema: 'onib.rollback/1', release: now, before: before ?? null });
      context.output.result(
        now === before ? `release ${now} is current already` : `release ${now} is current`,
      );
    });
}

export function registerPin(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'pin',
    summary: 'have gc keep a release',
    examples: [
      ['onib pin', 'the current release'],
      ['onib pin 20261120T140501Z-3f9c', 'this release'],
    ],
  })
    .argument('[id]', 'a release', 'current')
    .action(async (id: string) => await pin(id, true, context));
}

export function registerUnpin(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'unpin',
    summary: 'let gc remove a release again',
    examples: [
      ['onib unpin', 'the current release'],
      ['onib unpin 20261120T140501Z-3f9c', 'this release'],
    ],
  })
    .argument('[id]', 'a release', 'current')
    .action(async (id: string) => await pin(id, false, context));
}

async function pin(id: string, pinned: boolean, context: Context): Promise<void> {
  const release = await setPin(await openStore(context), id, pinned);
  context.output.object({ schema: 'onib.pin/1', release, pinned });
  context.output.result(`release ${release} is ${pinned ? 'pinned' : 'not pinned'}`);
}

export function registerGc(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'gc',
    summary: 'remove releases, objects, logs and downloads that nobody needs',
    examples: [
      ['onib gc --dry-run', 'tell what would go'],
      ['onib gc --keep 1', 'keep the newest release, and what is current, pinned or was served'],
    ],
  })
    .option('--keep <number>', 'how many of the newest releases stay', parseCount, DEFAULT_KEEP)
    .option('--dry-run', 'tell what would go, and remove nothing')
    .action(async ({ keep, dryRun = false }: { keep: number; dryRun?: boolean }) => {
      const store = await openStore(context);
      const cache = CACHE_DIRECTORY;
      const result = await collectGarbage(store, { keep, dryRun, cache, now: Date.now() });
      context.output.object({ schema: 'onib.gc/1', dryRun, ...result });
      context.output.result(gcLines(result, dryRun).join('\n'));
    });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('It must be a number, 0 or more.');
}

async function openStore(context: Context): Promise<Store> {
  return new Store((await openProject(context)).settings.artifactPath);
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
  readonly problem: string | null;
  /** From the release before it. */
  readonly changes: readonly Change[];
}

function describe(releases: readonly ReleaseState[]): Row[] {
  return releases.map(({ id, manifest, current, pinned, served, problem }, index) => ({
    id,
    created: manifest?.created ?? null,
    size: manifest === undefined ? null : sizeOf(manifest),
    ...{ current, pinned, problem: problem ?? null },
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
  if (rows.length === 0) return ['no release yet: onib build all'];
  const cells = rows.map(
    ({ id, created, size, current, pinned, served, problem, changes }, index) => {
      const words = [
        ...(current ? ['current'] : []),
        ...(pinned ? ['pinned'] : []),
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

function gcLines(result: GcResult, dryRun: boolean): string[] {
  const { kept, removedReleases, removedFiles, removedLogs, removedCached, freedBytes } = result;
  const verb = dryRun ? 'would free' : 'freed';
  return [
    ...kept.map(({ id, reasons }) => `stays: ${id} (${reasons.join(', ')})`),
    ...removedReleases.map((id) => `${dryRun ? 'would go' : 'removed'}: ${id}`),
    `${verb} ${formatBytes(freedBytes)}: ${count(removedReleases.length, 'release')}, ` +
      `${count(removedFiles, 'file')}, logs of ${count(removedLogs.length, 'run')}, ` +
      `${count(removedCached, 'unused file')} of ${CACHE_DIRECTORY}`,
  ];
}

function count(number: number, word: string): string {
  return `${String(number)} ${word}${number === 1 ? '' : 's'}`;
}
