/**
 * The workshop of one step: the verbs that recipes are written in.
 *
 * All trees live in one tmpfs that only this cell sees; only finished artifacts leave it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { PreviousImageOptions } from '../../archive/squashfs/repack/previous-image.js';
import { Mounts } from '../../host/mounts.js';
import { run } from '../../host/run.js';
import { removeTree } from '../../host/trees.js';
import { markUsed } from '../../host/used-files.js';
import { inputDigest } from '../../plan/inputs/inputs.js';
import type { PlanStep } from '../../plan/plan.js';
import type { ImageConfig, Settings } from '../../project/config.js';
import {
  checkProvisioner,
  runProvisioner,
  type ProvisionRequest,
} from '../../provision/ansible/run-provisioner.js';
import { bootstrap } from '../../provision/bootstrap/bootstrap.js';
import { mountProvided, writeProvidedLayer } from '../../provision/tree/provided.js';
import { ensurePythonToolbox } from '../../provision/tree/python-toolbox.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { copyAttributes, removeTraces } from './clean-tree.js';
import type { CellContext } from './cell-context.js';
import type * as Finishing from './finishing.js';
import { holdingOnError } from './held-tree.js';
import type { Provenance } from '../checks/inspect-artifact.js';
import type { ProvisionedTree } from '../record/made-by.js';
import { OpenTree } from './open-tree.js';
import { Snapshots } from './snapshots.js';
import { StepPackages } from './step-packages.js';
import { StepLog } from '../record/step-log.js';
import { SourceDate } from './source-date.js';
import { forwardTask } from './task-events.js';
import { TaskTimes } from '../record/task-times.js';

/** Loaded while provisioners run, when there is nothing else to do. */
const finishing = async (): Promise<typeof Finishing> => import('./finishing.js');

type Described = Pick<Artifact, 'kind' | 'name' | 'fileName' | 'format'> &
  Partial<Pick<Artifact, 'kernelVersion'>>;

interface ProvisionTrees {
  /** Read only. */
  readonly lower: string;
  /** Takes what provisioners change. */
  readonly changes: string;
  /** Overlays: digest of the base image, whose packages do not count. */
  readonly base?: string;
}

export class Workshop implements AsyncDisposable {
  readonly context: CellContext;
  readonly step: PlanStep;
  readonly logDirectory: string;
  readonly packages: StepPackages;
  readonly #log: StepLog;
  readonly #started = Date.now();
  readonly #tasks = new TaskTimes();
  readonly #date: SourceDate;
  readonly #snapshots: Snapshots;
  #listsAreFresh = false;

  constructor(context: CellContext, step: PlanStep, logDirectory: string) {
    this.context = context;
    this.step = step;
    this.logDirectory = logDirectory;
    this.#log = new StepLog(path.join(logDirectory, 'build.log'));
    this.packages = new StepPackages(context, step, {
      log: (line) => {
        this.log(line);
      },
      warn: (message) => {
        this.warn(message);
      },
    });
    this.#date = new SourceDate(step.inputs);
    this.#snapshots = new Snapshots(context, step, (message) => {
      this.warn(message);
    });
  }

  /** Waits for what still reads the trees. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#snapshots.settled();
  }

  get settings(): Settings {
    return this.step.kind === 'loaders' ? this.step.settings : this.step.image.settings;
  }

  /** Says what begins now, to the user and to the step's log. */
  stage(stage: string): void {
    this.context.signal.throwIfAborted();
    this.log(`== ${stage}`);
    this.#log.throwIfIncomplete();
    this.context.emit({ type: 'stage', step: this.step.title, stage });
  }

  log(line: string): void {
    this.#log.add(line);
  }

  warn(message: string): void {
    this.log(`warning: ${message}`);
    this.context.emit({ type: 'warning', step: this.step.title, message });
  }

  async tempTree(name: string): Promise<string> {
    return await mkdtemp(path.join(this.context.workspace, `${name}-`));
  }

  mounts(): Mounts {
    return new Mounts(this.context.workspace);
  }

  /** With `--shell-on-error` a tree in which something fails is held. */
  async #holding<T>(
    root: string,
    work: () => Promise<T>,
    isRetried: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    const { hold, signal } = this.context;
    const isFinal = (error: unknown): boolean => !signal.aborted && !isRetried(error);
    return await holdingOnError(hold, { step: this.step.title, root, isFinal }, work);
  }

  /** A tree of Debian's packages: the snapshot of an earlier build, or made now. Nobody may change it. */
  async bootstrap(image: ImageConfig, packages: readonly string[]): Promise<string> {
    const tree = await this.tempTree(image.kind);
    const known = await this.#snapshots.find(0, 0);
    if (known === undefined) await this.#bootstrapInto(tree, image, packages);
    else {
      this.stage(`take the snapshot of ${this.settings.suite}`);
      await this.#snapshots.restore(known.file, tree);
    }
    await this.#date.addTree(tree);
    return tree;
  }

  async #bootstrapInto(
    tree: string,
    image: ImageConfig,
    packages: readonly string[],
  ): Promise<void> {
    this.stage(`bootstrap ${this.settings.suite} with ${this.settings.bootstrap}`);
    const mistake = new AbortController();
    const request = {
      what: `${image.kind} "${image.name}"`,
      image,
      settings: this.settings,
      packages,
      sources: this.packages.bootstrapSources(packages),
      tree,
      archives: this.context.archives,
      environment: this.#date.environment,
      signal: AbortSignal.any([this.context.signal, mistake.signal]),
      onLine: (line: string) => {
        this.log(line);
      },
    };
    // A mistake in a role shows in a second; the bootstrap takes many, and is called off.
    const checked = this.#checkProvisioners(image, tree).catch((error: unknown) => {
      mistake.abort(error);
    });
    const made = async (): Promise<void> => {
      await bootstrap(request).catch((error: unknown) => {
        if (!mistake.signal.aborted) throw error;
        this.log(`called off: ${String(error)}`);
      });
    };
    await this.#holding(tree, made).finally(() => checked);
    mistake.signal.throwIfAborted();
    await removeTraces(tree);
    this.#snapshots.save(0, tree);
  }

  /** Mounts `lower` with a layer for changes over it, and everything that provisioners need. */
  async openTree(lower: string, changes: string): Promise<OpenTree> {
    const provided = await this.tempTree('provided');
    await writeProvidedLayer(provided, lower, this.packages.treeSources);
    await copyAttributes(lower, changes);
    const mounts = this.mounts();
    const root = await mounts.overlay({
      lower: [provided, lower],
      upper: changes,
      work: await this.tempTree('work'),
      target: await this.tempTree('root'),
    });
    const { repository } = this.packages.treeSources;
    const open = new OpenTree(root, mounts, changes, provided);
    try {
      await mountProvided(mounts, {
        tree: root,
        toolbox: await this.#toolbox(),
        lists: this.packages.lists,
        archives: this.context.archives,
        ...(repository === undefined ? {} : { repository }),
      });
    } catch (error) {
      await open[Symbol.asyncDispose]();
      throw error;
    }
    return open;
  }

  /** A base image of the store, mounted read-only, once for all overlays of the cell. */
  async mountBase(base: Artifact): Promise<string> {
    const { shared, cell, mounts, store } = this.context;
    await this.#date.addImage(store.objectPath(base.digest));
    return await shared.bases.get(base.digest, async () => {
      const target = await mkdtemp(path.join(cell, 'base-'));
      return await mounts.squashfs(store.objectPath(base.digest), target);
    });
  }

  /** `tree` with the changes over it, read-only, as an image will hold it. */
  async mergeChanges(mounts: Mounts, tree: string, changes: string): Promise<string> {
    return await mounts.overlay({
      lower: [changes, tree],
      target: await this.tempTree('merged'),
    });
  }

  async #toolbox(): Promise<string> {
    const { suite, architecture } = this.settings;
    return await this.context.shared.toolboxes.get(`${suite} ${architecture}`, async () => {
      const toolbox = await ensurePythonToolbox({
        settings: this.settings,
        sources: this.step.sources,
        cache: this.context.cache,
        scratch: await this.tempTree('toolbox'),
        signal: this.context.signal,
        onMake: () => {
          this.stage('make the Python toolbox');
        },
      });
      await markUsed([toolbox]);
      return toolbox;
    });
  }

  /**
   * Runs the image's provisioners, each in a tree of its own over the changes of those before it.
   * Facts, handlers and variables of one are unknown to the next: so a snapshot between them holds all
   * that there is.
   */
  async provision(image: ImageConfig, trees: ProvisionTrees): Promise<void> {
    if (trees.base !== undefined) this.#snapshots.over(trees.base);
    try {
      await this.#provisionAll(image, trees);
    } catch (error) {
      if (!this.packages.wantsMirror(error)) throw error;
      this.packages.askMirror();
      this.#listsAreFresh = false;
      await removeTree(trees.changes);
      await mkdir(trees.changes);
      await this.#provisionAll(image, trees);
    }
    await this.#snapshots.keep(this.packages.recorded);
  }

  async #provisionAll(image: ImageConfig, { lower, changes, base }: ProvisionTrees): Promise<void> {
    const last = image.provisioners.length - 1;
    for (let index = await this.#resume(changes, last); index <= last; index++) {
      {
        await using open = await this.openTree(lower, changes);
        const provisioning = async (): Promise<void> => {
          await this.#updateLists(image, open.root);
          await this.#runProvisioner(image, index, open.root);
        };
        await this.#holding(open.root, provisioning, (error) => this.packages.wantsMirror(error));
        if (index === last) {
          await this.packages.record(open.root, base === undefined ? undefined : lower);
        }
      }
      if (index < last) {
        this.#snapshots.save(index + 1, changes);
        await this.#snapshots.settled();
      }
    }
  }

  /** @returns The provisioner to begin with. */
  async #resume(changes: string, last: number): Promise<number> {
    const known = last < 1 ? undefined : await this.#snapshots.find(1, last);
    if (known === undefined) return 0;
    this.stage(`take the snapshot after provisioner ${String(known.level)}`);
    await this.#snapshots.restore(known.file, changes);
    return known.level;
  }

  async #updateLists(image: ImageConfig, root: string): Promise<void> {
    if (this.#listsAreFresh) return;
    this.stage('update package lists');
    await this.packages.updateLists(image, root);
    this.#listsAreFresh = true;
  }

  /** @throws {OnibError} the first mistake that Ansible finds in the image's roles without running them. */
  async #checkProvisioners(image: ImageConfig, tree: string): Promise<void> {
    for (const index of image.provisioners.keys()) {
      await checkProvisioner(await this.#provisioner(image, index, tree));
    }
  }

  async #runProvisioner(image: ImageConfig, index: number, root: string): Promise<void> {
    const { length } = image.provisioners;
    // What fails here fails again, and is told, where it is needed.
    finishing().catch(() => undefined);
    this.stage(length === 1 ? 'provision' : `provision ${String(index + 1)} of ${String(length)}`);
    await runProvisioner({
      ...(await this.#provisioner(image, index, root)),
      onEvent: (event) => {
        forwardTask(event, this.step.title, this.#tasks, this.context.emit);
      },
    });
  }

  async #provisioner(
    image: ImageConfig,
    index: number,
    tree: string,
  ): Promise<Omit<ProvisionRequest, 'onEvent'>> {
    return {
      ...{ image, index, tree },
      hostFacts: this.step.hostFacts[index] ?? true,
      project: this.context.project,
      logDirectory: this.logDirectory,
      scratch: await this.tempTree('ansible'),
      environment: this.#date.environment,
      signal: this.context.signal,
    };
  }

  /** Runs a command inside the open tree. */
  async chroot(tree: OpenTree, argv: readonly string[]): Promise<string> {
    const command = run(['chroot', tree.root, ...argv], {
      env: { LC_ALL: 'C.UTF-8', TMPDIR: '/tmp', ...this.#date.environment },
      signal: this.context.signal,
      onLine: (line) => {
        this.log(line);
      },
    });
    return (await this.#holding(tree.root, () => command)).stdout;
  }

  async packSquashfs(tree: string, described: Described, origin?: string): Promise<Artifact> {
    this.stage(`pack ${described.fileName}`);
    const file = path.join(this.context.workspace, described.fileName);
    const previous = this.#previousImage(described);
    await this.#date.addTree(tree);
    const options = {
      ...this.settings.compression,
      ...(previous === undefined ? {} : { previous }),
      sourceDateEpoch: this.#date.seconds,
      signal: this.context.signal,
      onProgress: this.#progress(),
    };
    return await this.#holding(tree, async () => {
      const { packSquashfs } = await finishing();
      const { blocks, copiedBlocks } = await packSquashfs(tree, file, options);
      this.log(`${String(blocks)} blocks, ${String(copiedBlocks)} copied from the previous image`);
      const packed = this.#provisioned(tree);
      return await this.keep(file, described, {
        packed,
        ...(origin === undefined ? {} : { origin }),
      });
    });
  }

  /** The image of the same name in the current release, whose unchanged blocks are copied. */
  #previousImage({ kind, name }: Described): PreviousImageOptions | undefined {
    const previous = this.context.previous.find(
      (artifact) => artifact.kind === kind && artifact.name === name,
    );
    if (previous === undefined) return undefined;
    const { digest } = previous;
    return { file: this.context.store.objectPath(digest), digest };
  }

  /** Warns of, or refuses, what would break every node that gets this overlay. */
  async guardOverlay(name: string, changes: string, base: Artifact): Promise<void> {
    this.stage('check against the base');
    const request = {
      name,
      changes: this.#provisioned(changes),
      base: this.context.store.objectPath(base.digest),
      warn: (message: string) => {
        this.warn(message);
      },
    };
    const { guardOverlay } = await finishing();
    await this.#holding(changes, () => guardOverlay(request));
  }

  async packOverlay(changes: string, described: Described, base: Artifact): Promise<Artifact> {
    this.stage(`pack ${described.fileName}`);
    const file = path.join(this.context.workspace, described.fileName);
    await this.#date.addTree(changes);
    const options = {
      sourceDateEpoch: this.#date.seconds,
      signal: this.context.signal,
      onProgress: this.#progress(),
    };
    return await this.#holding(changes, async () => {
      await (await finishing()).packOverlay(changes, file, options);
      return await this.keep(file, described, { packed: this.#provisioned(changes), base });
    });
  }

  #progress(): (progress: { bytesDone: number; bytesTotal: number }) => void {
    return ({ bytesDone, bytesTotal }) => {
      this.context.emit({
        type: 'progress',
        step: this.step.title,
        done: bytesDone,
        total: bytesTotal,
      });
    };
  }

  #provisioned(tree: string): ProvisionedTree {
    return { tree, project: this.context.project, tasks: this.#tasks };
  }

  /** Checks a finished file, moves it into the store and describes it. */
  async keep(file: string, described: Described, from: Provenance = {}): Promise<Artifact> {
    this.#log.throwIfIncomplete();
    const { inspectArtifact } = await finishing();
    const packages = await inspectArtifact(file, described, this, from);
    const { digest, size } = await this.context.store.putObject(file);
    await rm(file, { force: true });
    const { base } = from;
    const inputs = {
      ...this.packages.inputs,
      ...(base === undefined ? {} : { base: base.digest }),
    };
    return {
      ...described,
      ...(base === undefined ? {} : { baseDigest: base.digest }),
      digest,
      size,
      architecture: this.settings.architecture,
      inputs,
      inputDigest: inputDigest(inputs),
      packages,
      seconds: (Date.now() - this.#started) / 1000,
    };
  }
}
