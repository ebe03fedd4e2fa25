/**
 * What the work of one step needs: how it tells what it does, its places in the cell, its packages, its
 * snapshots, and the date of all that it makes. Recipes hand it to the verbs in the files beside this one.
 */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { Mounts } from '../../host/mounts.js';
import type { PlanStep } from '../../plan/plan.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { StepLog } from '../record/step-log.js';
import { TaskTimes } from '../record/task-times.js';
import type { CellContext } from './context.js';
import { holdingOnError } from './hold-failed-tree.js';
import { StepPackages } from './packages.js';
import { Snapshots } from './snapshots.js';
import { SourceDate } from './source-date.js';

export class StepServices implements AsyncDisposable {
  readonly context: CellContext;
  readonly step: PlanStep;
  readonly logDirectory: string;
  readonly packages: StepPackages;
  readonly snapshots: Snapshots;
  readonly date: SourceDate;
  /** When each provisioning task ran. */
  readonly tasks = new TaskTimes();
  readonly #log: StepLog;
  readonly #started = Date.now();

  constructor(context: CellContext, step: PlanStep, logDirectory: string) {
    this.context = context;
    this.step = step;
    this.logDirectory = logDirectory;
    this.#log = new StepLog(path.join(logDirectory, 'build.log'));
    const log = (line: string): void => {
      this.log(line);
    };
    const warn = (message: string): void => {
      this.warn(message);
    };
    this.packages = new StepPackages(context, step, { log, warn });
    this.snapshots = new Snapshots(context, step, warn);
    this.date = new SourceDate(step.inputs);
  }

  /** Waits for what still reads the trees. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.snapshots.settled();
  }

  get settings(): Settings {
    return this.step.settings;
  }

  get signal(): AbortSignal {
    return this.context.signal;
  }

  /** Seconds since the step began. */
  get seconds(): number {
    return (Date.now() - this.#started) / 1000;
  }

  /** Says what begins now, to the user and to the step's log. */
  stage(stage: string): void {
    this.signal.throwIfAborted();
    this.log(`== ${stage}`);
    this.#log.throwIfIncomplete();
    this.context.emit({ type: 'stage', step: this.step.title, stage });
  }

  log(line: string): void {
    this.#log.add(line);
  }

  /** @throws what the first line met that could not be written to the step's log */
  throwIfLogIncomplete(): void {
    this.#log.throwIfIncomplete();
  }

  warn(message: string): void {
    this.log(`warning: ${message}`);
    this.context.emit({ type: 'warning', step: this.step.title, message });
  }

  /** @param done Bytes, of `total`. */
  progress(done: number, total: number): void {
    this.context.emit({ type: 'progress', step: this.step.title, done, total });
  }

  /** An empty directory in the cell's tmpfs; it goes with the step. */
  async tempTree(name: string): Promise<string> {
    return await mkdtemp(path.join(this.context.workspace, `${name}-`));
  }

  mounts(): Mounts {
    return new Mounts(this.context.workspace);
  }

  /** With `--shell-on-error` a tree in which something fails is held; not for what is tried again in another way. */
  async holding<T>(
    root: string,
    work: () => Promise<T>,
    isRetried: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    const isFinal = (error: unknown): boolean => !this.signal.aborted && !isRetried(error);
    const { hold } = this.context;
    return await holdingOnError(hold, { step: this.step.title, root, isFinal }, work);
  }
}
