/** `onib gc`: frees what nobody needs. */
import { InvalidArgumentError, type Command } from 'commander';
import { HostCache } from '../../host/host-cache.js';
import { collectGarbage, type GcResult } from '../../store/gc.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';
import { formatBytes } from '../show/format.js';

const DEFAULT_KEEP = 3;

interface GcCommandOptions extends StoreOptions {
  readonly keep: number;
  readonly dryRun?: boolean;
}

export function registerGc(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'gc',
    summary: 'remove releases, objects, logs and downloads that nobody needs',
    examples: [
      ['onib gc --dry-run', 'tell what would go'],
      ['onib gc --keep 1', 'keep the newest release, and what is current, pinned or was served'],
    ],
  })
    .option('--keep <number>', 'how many of the newest releases stay', parseCount, DEFAULT_KEEP)
    .option('--dry-run', 'tell what would go, and remove nothing');
  addStoreOption(command).action(async ({ keep, dryRun = false, ...options }: GcCommandOptions) => {
    const store = await openStore(context, options);
    const cache = new HostCache();
    const result = await collectGarbage(store, { keep, dryRun, cache, now: Date.now() });
    context.output.object({ schema: 'onib.gc/1', dryRun, ...result });
    context.output.result(gcLines(result, cache, dryRun).join('\n'));
  });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('It must be a number, 0 or more.');
}

function gcLines(result: GcResult, cache: HostCache, dryRun: boolean): string[] {
  const { kept, removedReleases, removedFiles, removedLogs, removedCached, freedBytes } = result;
  const verb = dryRun ? 'would free' : 'freed';
  return [
    ...kept.map(({ id, reasons }) => `stays: ${id} (${reasons.join(', ')})`),
    ...removedReleases.map((id) => `${dryRun ? 'would go' : 'removed'}: ${id}`),
    `${verb} ${formatBytes(freedBytes)}: ${count(removedReleases.length, 'release')}, ` +
      `${count(removedFiles, 'file')}, logs of ${count(removedLogs.length, 'run')}, ` +
      `${count(removedCached, 'unused file')} of ${cache.directory}`,
  ];
}

function count(number: number, word: string): string {
  return `${String(number)} ${word}${number === 1 ? '' : 's'}`;
}
