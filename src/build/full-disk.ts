/** A full filesystem, told with what is free and where. */
import { statfs } from 'node:fs/promises';
import { OnibError } from '../errors.js';
import type { PlanStep } from '../plan/plan.js';
import type { SharedContext } from './cell-context.js';

const STORE_HINT = 'free space there, or set build_artifact_path in group_vars/on_imagebuild';

/** The error itself, or `DISK_FULL` with the free bytes of both filesystems when a write found no space. */
export async function explainFullDisk(
  error: unknown,
  step: PlanStep,
  context: Pick<SharedContext, 'cell' | 'store'>,
): Promise<unknown> {
  if (!isNoSpace(error)) return error;
  const [trees, store] = [await free(context.cell), await free(context.store.directory)];
  const treesAreFull = trees < store;
  return new OnibError(
    'DISK_FULL',
    `Cannot build ${step.title}: ${treesAreFull ? 'the memory for trees (build_root_size)' : `the store "${context.store.directory}"`} is full`,
    {
      details: [
        `free for trees: ${String(trees)} bytes`,
        `free in the store: ${String(store)} bytes`,
        ...(error instanceof OnibError ? error.details : []),
      ],
      hint: treesAreFull
        ? 'raise build_root_size in group_vars/on_imagebuild, or free memory'
        : STORE_HINT,
      cause: error,
    },
  );
}

/** The same for what is written outside of the cell: lock, journal and release. */
export async function explainFullStore(error: unknown, store: string): Promise<unknown> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
  return new OnibError('DISK_FULL', `Cannot build: the store "${store}" is full`, {
    details: [`free in the store: ${String(await free(store))} bytes`],
    hint: STORE_HINT,
    cause: error,
  });
}

async function free(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function isNoSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return true;
  if (!(error instanceof OnibError)) return false;
  return (
    error.code === 'DISK_FULL' ||
    error.details.some((line) => /No space left on device|ENOSPC/.test(line))
  );
}
