/**
 * Snapshots of a step's tree: after the bootstrap, and before each provisioner but the first. A
 * later build whose inputs are the same up to there begins with the snapshot.
 *
 * Each is a tar file, the one archive that holds all that a tree can have while it is provisioned (squashfs
 * has no POSIX ACLs); its name is a digest of what went in: the levels of the plan, for an
 * overlay its base, and the lock. A first build has no lock yet; what it leaves when it fails has the
 * name of no lock, and is renamed or removed by the next build that succeeds.
 */
import { createHash } from 'node:crypto';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../host/run.js';
import { markUsed } from '../../host/used-files.js';
import { copyWholeFile } from '../../host/whole-file.js';
import type { PlanStep } from '../../plan/plan.js';
import { formatLock, type LockedPackage } from '../../lock/model.js';
import type { CellContext } from './context.js';

/** Of all snapshots together; the ones that were used longest ago go first. */
const MAX_BYTES = 3 * 1024 ** 3;
/** Whiteouts are device nodes and opaque directories a trusted.* attribute; tar leaves most attributes out by default. */
const KEEP_ALL = [
  ...['--format=posix', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '--sparse'],
  ...['--same-owner', '--same-permissions', '--delay-directory-restore'],
  '--use-compress-program=zstd -1 -T0',
];

export class Snapshots {
  readonly #context: CellContext;
  readonly #step: PlanStep;
  readonly #directory: string;
  readonly #warn: (message: string) => void;
  #base = '';
  #pending: Promise<void> = Promise.resolve();

  constructor(context: CellContext, step: PlanStep, warn: (message: string) => void) {
    this.#context = context;
    this.#step = step;
    this.#directory = context.cache.snapshots;
    this.#warn = warn;
  }

  /** An overlay's snapshots are over one base. */
  over(baseDigest: string): void {
    this.#base = baseDigest;
  }

  /** The snapshot of the highest level, up to `highest` and from `lowest` on; undefined when there is none. */
  async find(
    lowest: number,
    highest: number,
  ): Promise<{ level: number; file: string } | undefined> {
    if (this.#step.fresh) return undefined;
    for (let level = highest; level >= lowest; level--) {
      const file = this.#file(level, this.#step.lock?.packages);
      const found = await stat(file).catch(() => undefined);
      if (found === undefined) continue;
      await markUsed([file]);
      return { level, file };
    }
    return undefined;
  }

  /** Keeps a tree that nobody changes until the next `settled`. */
  save(level: number, tree: string): void {
    this.#pending = this.#pending.then(async () => {
      await this.#pack(level, tree);
    });
    // Told by `settled`; until then it is nobody's unhandled rejection.
    this.#pending.catch(() => undefined);
  }

  /** Resolves when what was saved is written. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  async #pack(level: number, tree: string): Promise<void> {
    const image = path.join(this.#context.workspace, 'snapshot.tar');
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const { signal } = this.#context;
      await run(['tar', ...KEEP_ALL, '--create', '-f', image, '-C', tree, '.'], { signal });
      await copyWholeFile(image, this.#file(level, this.#step.lock?.packages), true);
    } catch (error) {
      if (this.#context.signal.aborted) throw error;
      // What only makes the next build quicker must not end this one.
      this.#warn(`no snapshot is kept: ${(error as Error).message}`);
    } finally {
      await rm(image, { force: true });
    }
  }

  /** Unpacks a snapshot into an empty directory. */
  async restore(file: string, tree: string): Promise<void> {
    const { signal } = this.#context;
    await run(['tar', ...KEEP_ALL, '--extract', '-f', file, '-C', tree], { signal });
  }

  /** After a success: the snapshots are those of the lock that came out of it. */
  async keep(packages: readonly LockedPackage[]): Promise<void> {
    await this.settled();
    for (const level of this.#step.levels.keys()) {
      const [before, after] = [
        this.#file(level, this.#step.lock?.packages),
        this.#file(level, packages),
      ];
      if (before === after) continue;
      await link(before, after).catch((error: unknown) => {
        if (!['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? ''))
          throw error;
      });
      if (this.#step.lock === undefined) await rm(before, { force: true });
    }
    await this.#prune();
  }

  #file(level: number, packages: readonly LockedPackage[] | undefined): string {
    const { levels, lockName, inputs } = this.#step;
    const lock = packages === undefined ? 'none' : lockDigest(packages);
    const parts = [lockName, ...levels.slice(0, level + 1), this.#base, lock];
    if (packages === undefined) parts.push(this.#context.project, inputs.sources ?? '');
    return path.join(this.#directory, `${sha256(parts.join('\n'))}.tar.zst`);
  }

  async #prune(): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    const files = await Promise.all(
      names
        .filter((name) => name.endsWith('.tar.zst'))
        .map(async (name) => {
          const file = path.join(this.#directory, name);
          return { file, stats: await stat(file).catch(() => undefined) };
        }),
    );
    const newestFirst = files
      .flatMap(({ file, stats }) => (stats === undefined ? [] : [{ file, stats }]))
      .sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
    let bytes = 0;
    const seen = new Set<number>();
    for (const { file, stats } of newestFirst) {
      if (!seen.has(stats.ino)) bytes += stats.size;
      seen.add(stats.ino);
      if (bytes > MAX_BYTES) await rm(file, { force: true });
    }
  }
}

function lockDigest(packages: readonly LockedPackage[]): string {
  return sha256(formatLock({ image: { request: 'sha256:', packages } }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
