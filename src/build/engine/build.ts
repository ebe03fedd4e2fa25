/**
 * Build a project: lock its store, plan against what is there, run the plan's steps in a cell, and
 * commit what came out as a release.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startCell } from '../../host/cell.js';
import { describePlan } from '../../plan/describe.js';
import { makePlan } from '../../plan/make-plan.js';
import type { Wanted } from '../../plan/wanted-images.js';
import type { Facts } from '../../plan/facts.js';
import type { Plan, PlanStep } from '../../plan/plan.js';
import type { Config } from '../../project/config.js';
import { gatherFacts } from '../../facts/gather.js';
import type { LockBook } from '../../lock/book.js';
import { writeLock } from '../../lock/file.js';
import { HostCache } from '../../host/host-cache.js';
import { findArtifact } from '../../contract/artifact-key.js';
import type { Artifact, ReleaseManifest } from '../../contract/release-manifest.js';
import { readRolledBack } from '../../store/rolled-back.js';
import { Store } from '../../store/store.js';
import type { BuildEvent, CellEvent } from '../record/events.js';
import { explainFullStore } from '../checks/full-disk.js';
import { EventLog } from '../record/event-log.js';
import { knownArtifacts } from '../record/earlier-builds.js';
import { StepRecord } from '../record/step-record.js';
import { lockBookOf, noteInLock } from '../record/lock-events.js';
import { commitRelease } from './commit-release.js';
import { timeStamp } from './time-stamp.js';
import { requireRoom } from '../checks/room.js';
import type { StepsRequest } from './run-steps.js';
import { FailedTrees, type OnFailedTree } from './shell-on-error.js';
import { checkBudgets } from '../checks/size-budget.js';

export interface BuildOptions {
  readonly signal: AbortSignal;
  /** How many steps may run at a time; default: one per processor. */
  readonly jobs?: number;
  readonly onEvent: (event: BuildEvent) => void;
  /** False: what is made becomes a release, and the current one stays current. Default: true. */
  readonly activate?: boolean;
  /** A tree in which a step failed stays as it was until this resolves; absent: failures unwind at once. */
  readonly onFailedTree?: OnFailedTree;
}

export interface BuildResult {
  readonly plan: Plan;
  /** What was built now, as the release names it; empty when all was up to date. */
  readonly built: readonly Artifact[];
  /** The release that holds what was built; undefined when there is nothing to release. */
  readonly release?: ReleaseManifest;
  /** Whether that is the current one. */
  readonly current: boolean;
}

/** What `buildProject` would do now; needs no root and changes nothing. */
export async function planProject(config: Config, wanted: Wanted): Promise<Plan> {
  const store = new Store(config.settings.artifactPath);
  const { plan } = await planOver(await store.current(), config, store, wanted);
  return plan;
}

async function planOver(
  current: ReleaseManifest | undefined,
  config: Config,
  store: Store,
  wanted: Wanted,
): Promise<{ plan: Plan; facts: Facts }> {
  const gathered = await gatherFacts(config, current);
  const facts = wanted.refresh === true ? await withNewerPackages(config, gathered) : gathered;
  const plan = makePlan(config, facts, wanted);
  // What was built before is of use only where something is to be built; reading it takes a while.
  if (plan.steps.length === 0) return { plan, facts };
  const known = await knownArtifacts(store, current?.id);
  return { plan: makePlan(config, { ...facts, known }, wanted), facts };
}

/** Asks the mirror, with much that a build from the lock never needs: loaded when it is asked. */
async function withNewerPackages(config: Config, facts: Facts): Promise<Facts> {
  const { findNewerPackages } = await import('./newer-packages.js');
  return { ...facts, newer: await findNewerPackages(config, facts, new HostCache()) };
}

/**
 * Builds what is wanted and not up to date, commits it as a release and makes that current. Needs root.
 *
 * @returns when every mount and process of the build is gone.
 * @throws {OnibError} `BUSY` (exit 4) while another build holds the store; else as docs/errors.md says. What was
 *   built before a failure is kept, and taken by the next build.
 */
export async function buildProject(
  config: Config,
  wanted: Wanted,
  options: BuildOptions,
): Promise<BuildResult> {
  const store = new Store(config.settings.artifactPath);
  try {
    return await buildInStore(config, wanted, store, options);
  } catch (error) {
    throw await explainFullStore(error, store.directory);
  }
}

async function buildInStore(
  config: Config,
  wanted: Wanted,
  store: Store,
  options: BuildOptions,
): Promise<BuildResult> {
  await using _lock = await store.lock('onib build');
  const current = await store.current();
  const { plan, facts } = await planOver(current, config, store, wanted);
  await tellRolledBack(plan, store, options);
  const book = lockBookOf(plan, facts.lock);
  const built = await buildSteps(plan, current?.artifacts ?? [], book, store, options).catch(
    async (error: unknown) => {
      // What ended is recorded. Should that fail as well, the first cause is what the user has to mend.
      await writeLock(plan.root, book.lock).catch(() => undefined);
      throw error;
    },
  );
  if (plan.steps.length > 0) await writeLock(plan.root, book.lock);
  await checkBudgets(config, [...plan.keep, ...built], current?.artifacts ?? [], store);
  const { activate = true, onEvent } = options;
  const committed = await commitRelease(plan, built, current, store, { activate, onEvent });
  const named = built.map((one) => findArtifact(committed.release?.artifacts ?? [], one) ?? one);
  return { plan, built: named, ...committed };
}

/** Somebody went back to the current release: what is made now takes its place. */
async function tellRolledBack(plan: Plan, store: Store, options: BuildOptions): Promise<void> {
  const rolledBack = await readRolledBack(store);
  if (rolledBack === undefined || options.activate === false) return;
  const { steps, reuse, drop, profileChanges } = plan;
  if ([steps, reuse, drop, profileChanges].every(({ length }) => length === 0)) return;
  options.onEvent({ type: 'rolled-back', ...rolledBack });
}

/**
 * Runs a plan's steps in a cell; their artifacts are in the store afterwards, in no release.
 *
 * @param previous artifacts of `store` whose unchanged blocks are copied
 * @param book learns which packages were used
 */
export async function buildSteps(
  plan: Plan,
  previous: readonly Artifact[],
  book: LockBook<PlanStep>,
  store: Store,
  options: BuildOptions,
): Promise<Artifact[]> {
  if (plan.steps.length === 0) return [];
  await requireRoom(plan, store, options.jobs);
  const logDirectory = await store.newLogDirectory(timeStamp(new Date()));
  const eventLog = new EventLog(path.join(logDirectory, 'events.jsonl'));
  const record = await StepRecord.begin(store, plan);
  await writeFile(
    path.join(logDirectory, 'plan.json'),
    `${JSON.stringify(describePlan(plan), null, 2)}\n`,
    { mode: 0o600 },
  );
  const { onFailedTree } = options;
  const failed = onFailedTree === undefined ? undefined : new FailedTrees(onFailedTree);
  const tell = (event: BuildEvent): void => {
    options.onEvent(event);
    if (event.type === 'failed') failed?.show(event, cell);
    if (event.type === 'step-end') record.add(event);
    if (event.type !== 'progress') eventLog.add(event);
  };
  tell({ type: 'build-start', steps: plan.steps.map((step) => step.title), logDirectory });
  const cell = startCell<StepsRequest, CellEvent, Artifact[]>({
    entry: 'src/build/engine/build-main.js',
    request: {
      plan,
      previous,
      logDirectory,
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      shellOnError: failed !== undefined,
    },
    namespaces: ['mount', 'pid', 'uts'],
    onEvent: (event) => {
      tell(noteInLock(event, book));
    },
    signal: options.signal,
  });
  const artifacts = await cell.result.finally(async () => {
    await Promise.all([eventLog.settled(), record.settled()]);
  });
  eventLog.throwIfIncomplete();
  return artifacts;
}
