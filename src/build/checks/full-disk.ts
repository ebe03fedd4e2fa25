/** A full filesystem, told with what was needed, what is free, and where. */
import { statfs } from 'node:fs/promises';
import { OnibError } from '../../core/errors.js';
import type { HostCache } from '../../host/host-cache.js';
import type { PlanStep } from '../../plan/plan.js';
import type { Store } from '../../store/store.js';

const STORE_HINT =
  'onib gc --dry-run tells what can go; or set build_artifact_path in group_vars/on_imagebuild';

/** Where a step writes. */
export interface WrittenPlaces {
  /** The cell's tmpfs. */
  readonly cell: string;
  readonly store: Store;
  readonly cache: HostCache;
}

interface Filesystem {
  /** In the message: `the store "/srv/images/builds"`. */
  readonly what: string;
  /** In the lines below it. */
  readonly where: string;
  readonly directory: string;
  readonly hint: string;
}

function filesystems({ cell, store, cache }: WrittenPlaces): Filesystem[] {
  return [
    {
      what: 'the memory for trees (build_root_size)',
      where: 'for trees',
      directory: cell,
      hint: 'raise build_root_size in group_vars/on_imagebuild, or free memory',
    },
    {
      what: `the store "${store.directory}"`,
      where: 'in the store',
      directory: store.directory,
      hint: STORE_HINT,
    },
    {
      what: `the cache of packages "${cache.directory}"`,
      where: 'in the cache of packages',
      directory: cache.directory,
      hint: `free space there: what is in ${cache.directory} can be fetched again`,
    },
  ];
}

/** The error itself, or `DISK_FULL` with needed and free bytes when a write found no space. */
export async function explainFullDisk(
  error: unknown,
  step: PlanStep,
  places: WrittenPlaces,
): Promise<unknown> {
  if (!isNoSpace(error)) return error;
  const rooms = await Promise.all(
    filesystems(places).map(async (one) => ({ ...one, ...(await roomOf(one.directory)) })),
  );
  const [fullest] = rooms.toSorted((a, b) => a.free - b.free);
  return new OnibError('DISK_FULL', `Cannot build ${step.title}: ${fullest?.what ?? ''} is full`, {
    details: [
      neededLine(error, fullest),
      ...rooms.map(({ where, free }) => `free ${where}: ${String(free)} bytes`),
      ...(error instanceof OnibError ? error.details : []),
    ],
    ...(fullest === undefined ? {} : { hint: fullest.hint }),
    cause: error,
  });
}

/** A file that did not fit says its size; of everything else only that it was more than there is. */
function neededLine(
  error: unknown,
  fullest: { readonly free: number; readonly total: number; readonly where: string } | undefined,
): string {
  const needed = neededBytes(error);
  const where = fullest?.where ?? '';
  return needed === undefined
    ? `needed ${where}: more than its ${String(fullest?.total ?? 0)} bytes`
    : `needed ${where}: ${String(needed)} bytes`;
}

function neededBytes(error: unknown): number | undefined {
  const needed: unknown = error instanceof Error && 'neededBytes' in error && error.neededBytes;
  return typeof needed === 'number' ? needed : undefined;
}

/** The same for what is written outside of the cell: lock, journal and release. */
export async function explainFullStore(error: unknown, store: string): Promise<unknown> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
  const { free, total } = await roomOf(store);
  return new OnibError('DISK_FULL', `Cannot build: the store "${store}" is full`, {
    details: [
      `needed in the store: more than its ${String(total)} bytes`,
      `free in the store: ${String(free)} bytes`,
    ],
    hint: STORE_HINT,
    cause: error,
  });
}

async function roomOf(directory: string): Promise<{ free: number; total: number }> {
  const { bavail, blocks, bsize } = await statfs(directory);
  return { free: bavail * bsize, total: blocks * bsize };
}

const NO_SPACE = /No space left on device|ENOSPC/i;

function isNoSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return true;
  // An error from a worker thread keeps its message, not its code.
  if (NO_SPACE.test(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some(isNoSpace);
  // What cleaning up met is said below what it came after.
  if ('suppressed' in error) return isNoSpace(error.suppressed);
  if (!(error instanceof OnibError)) return false;
  return error.code === 'DISK_FULL' || error.details.some((line) => NO_SPACE.test(line));
}
