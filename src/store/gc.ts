/**
 * Frees what nobody needs: releases first, then objects that no release names any more and what an abandoned push
 * has left, then logs, then what no build has used for long of the host's cache.
 *
 * Kept are the current release, pinned ones, those that a boot server gave to a node lately, and the
 * newest ones. Whoever reads an object of a release that stays never notices: objects are shared
 * and immutable, and one goes only when no release names it.
 */
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { namesIn } from '../host/names-in.js';
import { removeTree } from '../host/trees.js';
import type { HostCache } from '../host/host-cache.js';
import { INPUT_TEXTS, inputTextFiles } from './input-texts.js';
import { withAbandoned } from './push/abandoned.js';
import { listReleases, type ReleaseState } from './releases.js';
import { clearRelease, withdrawRelease } from './release-directory.js';
import type { Store } from './store.js';
import { takeSwitchLock } from './switch-lock.js';
import { readUnreleased } from './unreleased.js';

/** A node that was given a release may fetch from it for as long as it boots; racks boot for days. */
export const SERVED_LATELY_DAYS = 7;
const DAY_MS = 86_400_000;

export interface GcOptions {
  /** The newest so many releases stay. */
  readonly keep: number;
  /** Tells what would go, and changes nothing. */
  readonly dryRun: boolean;
  readonly cache: HostCache;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface KeptRelease {
  readonly id: string;
  /** `current`, `pinned`, `served 2026-11-20`, `among the newest 3`. */
  readonly reasons: readonly string[];
}

export interface GcResult {
  readonly kept: readonly KeptRelease[];
  readonly removedReleases: readonly string[];
  /** Objects, texts of inputs, and what pushes left on the way. */
  readonly removedFiles: number;
  /** Runs whose logs went. */
  readonly removedLogs: readonly string[];
  /** Files of the cache. */
  readonly removedCached: number;
  /** Of all these. */
  readonly freedBytes: number;
}

/** Why each release stays; no reason: it goes. Pure. */
export function reasonsToKeep(
  releases: readonly ReleaseState[],
  { keep, now }: Pick<GcOptions, 'keep' | 'now'>,
): KeptRelease[] {
  return releases.map(({ id, current, pinned, served }, index) => ({
    id,
    reasons: [
      ...(current ? ['current'] : []),
      ...(pinned ? ['pinned'] : []),
      ...(served !== undefined && now - served < SERVED_LATELY_DAYS * DAY_MS
        ? [`served ${new Date(served).toISOString().slice(0, 10)}`]
        : []),
      ...(index < keep ? [`among the newest ${String(keep)}`] : []),
    ],
  }));
}

/** @throws {OnibError} `BUSY` (exit 4) while a build holds the store's lock */
export async function collectGarbage(store: Store, options: GcOptions): Promise<GcResult> {
  await using _lock = await store.lock('onib gc');
  const { staying, kept, leaving } = await withdrawReleases(store, options);
  return await withAbandoned(store, options.now, async (arrivals) => {
    const files = await looseFiles(store, staying);
    const logs = await oldLogs(store, staying, options.keep);
    const cached = await options.cache.unusedFiles(options.now);
    const freedBytes = await bytesOf([...files, ...arrivals, ...logs, ...cached]);
    if (!options.dryRun) {
      for (const id of leaving) await clearRelease(store, id);
      for (const file of files) await rm(file, { force: true });
      for (const directory of [...arrivals, ...logs]) await removeTree(directory);
      await options.cache.remove(cached, options.now);
    }
    return {
      kept,
      removedReleases: leaving,
      removedFiles: files.length + arrivals.length,
      removedLogs: logs.map((directory) => path.basename(directory)),
      removedCached: cached.length,
      freedBytes,
    };
  });
}

interface Judged {
  readonly staying: readonly ReleaseState[];
  readonly kept: readonly KeptRelease[];
  readonly leaving: readonly string[];
}

/** Nobody may go back to a release, or pin one, between the judgement and its end: the switch lock is held. */
async function withdrawReleases(store: Store, options: GcOptions): Promise<Judged> {
  await using _lock = await takeSwitchLock(store, 'onib gc');
  const releases = await listReleases(store);
  const judged = reasonsToKeep(releases, options);
  const kept = judged.filter(({ reasons }) => reasons.length > 0);
  const leaving = judged.filter(({ reasons }) => reasons.length === 0).map(({ id }) => id);
  const staying = releases.filter(({ id }) => !leaving.includes(id));
  for (const id of options.dryRun ? [] : leaving) {
    await withdrawRelease(store, id);
    for (const marks of ['served', 'held']) {
      await rm(path.join(store.directory, marks, id), { force: true });
    }
  }
  return { staying, kept, leaving };
}

/** Objects and texts of inputs that belong to no release that stays, nor to what waits for one. */
async function looseFiles(store: Store, staying: readonly ReleaseState[]): Promise<string[]> {
  // Where a release cannot be read, nobody knows which objects it needs.
  if (staying.some(({ manifest }) => manifest === undefined)) return [];
  const artifacts = [
    ...staying.flatMap(({ manifest }) => manifest?.artifacts ?? []),
    ...(await readUnreleased(store)),
  ];
  const needed = new Set([
    ...artifacts.map(({ digest }) => store.objectPath(digest)),
    ...artifacts.flatMap(({ inputs }) => inputTextFiles(store, inputs)),
  ]);
  const found: string[] = [];
  for (const name of ['objects', INPUT_TEXTS]) {
    const directory = path.join(store.directory, name);
    found.push(...(await namesIn(directory)).map((file) => path.join(directory, file)));
  }
  return found.filter((file) => !needed.has(file));
}

/** Runs from before the oldest release that stays, but never the newest ones: those of failed builds are wanted. */
async function oldLogs(
  store: Store,
  staying: readonly ReleaseState[],
  keep: number,
): Promise<string[]> {
  const oldest = staying.map(({ id }) => id).sort()[0];
  if (oldest === undefined) return [];
  const directory = path.join(store.directory, 'logs');
  const runs = await namesIn(directory);
  // Both names begin with the time: the last run before a release is the one that made it.
  const first = runs.filter((run) => run <= oldest).at(-1) ?? oldest;
  return runs
    .slice(0, Math.max(runs.length - Math.max(keep, 1), 0))
    .filter((run) => run < first)
    .map((run) => path.join(directory, run));
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of paths) {
    const stats = await stat(file).catch(() => undefined);
    if (stats === undefined) continue;
    bytes += stats.isDirectory()
      ? await bytesOf((await namesIn(file)).map((name) => path.join(file, name)))
      : stats.size;
  }
  return bytes;
}
