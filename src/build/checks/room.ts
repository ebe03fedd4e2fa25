/** Is there room for a build? Asked before anything runs, by what its steps took the last time. */
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { EXIT, OnibError } from '../../core/errors.js';
import type { Plan } from '../../plan/plan.js';
import { readStepSizes, type StepSizes } from '../../store/step-sizes.js';
import type { Store } from '../../store/store.js';

/** Bytes. */
export interface Room {
  /** Memory that is free now, or can be freed. */
  readonly memory: number;
  readonly totalMemory: number;
  /** On the store's filesystem. */
  readonly disk: number;
}

export interface Needed {
  readonly trees: number;
  readonly disk: number;
}

/** What steps of which something is known will take, at most `jobs` of them at a time. Pure. */
export function neededRoom({ steps }: Plan, sizes: StepSizes, jobs: number): Needed {
  const known = steps.flatMap(({ title }) => sizes[title] ?? []);
  const trees = known.map((size) => size.trees).sort((a, b) => b - a);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return {
    trees: sum(trees.slice(0, jobs)),
    disk: sum(known.map((size) => size.artifacts)),
  };
}

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of a size as mount(8) takes it for a tmpfs: `60%` of the memory, `6G`, `900M`. Pure. */
export function tmpfsBytes(size: string, totalMemory: number): number {
  const number = Number.parseInt(size, 10);
  const unit = size.at(-1)?.toLowerCase() ?? '';
  return unit === '%' ? (totalMemory * number) / 100 : number * (UNITS[unit] ?? 1);
}

/** The first thing that there is too little of; undefined: go ahead. Pure. */
export function lackOfRoom(plan: Plan, needed: Needed, room: Room): OnibError | undefined {
  const limit = tmpfsBytes(plan.buildRootSize, room.totalMemory);
  const memory = Math.floor(Math.min(limit, room.memory));
  const which = plan.steps.map(({ title }) => title).join(', ');
  if (needed.trees > memory) {
    const small = limit < room.memory;
    return new OnibError(
      'MEMORY_LOW',
      `Cannot build "${which}": its trees need ${String(needed.trees)} bytes of memory, and ${String(memory)} are available`,
      {
        exitCode: EXIT.hostLacks,
        details: [
          `needed: ${String(needed.trees)} bytes, as in the last build`,
          `available: ${String(memory)} bytes${small ? ` (build_root_size: ${plan.buildRootSize})` : ''}`,
        ],
        hint: small
          ? 'raise build_root_size in group_vars/on_imagebuild, or --jobs 1'
          : 'end other programs, add swap or raise the limit of the container, or --jobs 1',
      },
    );
  }
  if (needed.disk <= room.disk) return undefined;
  return new OnibError(
    'DISK_LOW',
    `Cannot build "${which}": its artifacts need ${String(needed.disk)} bytes in the store "${plan.store}", and ${String(room.disk)} are available`,
    {
      exitCode: EXIT.hostLacks,
      details: [
        `needed: ${String(needed.disk)} bytes, as in the last build`,
        `available: ${String(room.disk)} bytes`,
      ],
      hint: 'onib gc --dry-run tells what can go; or set build_artifact_path in group_vars/on_imagebuild',
    },
  );
}

/** What there is now, for a store. */
async function roomFor(store: string): Promise<Room> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  const { bavail, bsize } = await statfs(store);
  // 0 without a limit of a control group; what it holds already may be cache that can be freed.
  const limit = process.constrainedMemory() || Infinity;
  return {
    memory: Math.min((kibibytes('MemAvailable') + kibibytes('SwapFree')) * 1024, limit),
    totalMemory: kibibytes('MemTotal') * 1024,
    disk: bavail * bsize,
  };
}

/** @throws {OnibError} `MEMORY_LOW`, `DISK_LOW` (exit 3) when the last build of these steps took more than there is */
export async function requireRoom(
  plan: Plan,
  store: Store,
  jobs = availableParallelism(),
): Promise<void> {
  const needed = neededRoom(plan, await readStepSizes(store), jobs);
  const lack = lackOfRoom(plan, needed, await roomFor(store.directory));
  if (lack !== undefined) throw lack;
}
