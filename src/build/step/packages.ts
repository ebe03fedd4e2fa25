/**
 * Where a step's packages come from. With a lock they have exactly the locked versions, from a
 * repository that holds nothing else; the mirror is asked only where what decides on the step's packages
 * has changed since.
 */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';
import { withCommand } from '../../host/failure-report.js';
import { run } from '../../host/run.js';
import { markUsed } from '../../host/used-files.js';
import { packageInputs, withPackages } from '../../plan/inputs/package-inputs.js';
import type { AptSources } from '../../plan/sources.js';
import type { Inputs } from '../../plan/inputs/inputs.js';
import type { PlanStep } from '../../plan/plan.js';
import type { ImageConfig } from '../../project/config.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { LOCK_FILE, type LockedPackage } from '../../lock/model.js';
import { explainAptFailure, lacksPackage } from '../../provision/apt/apt-failure.js';
import { MirrorLists } from '../../provision/apt/mirror-lists.js';
import {
  LOCKED_IN_TREE,
  lockedSource,
  LOCKED_PREFERENCES,
  writeLockedRepository,
} from '../../provision/apt/locked-repository.js';
import { ensurePackages } from '../../provision/apt/package-cache.js';
import type { TreeSources } from '../../provision/tree/build-time-files.js';
import { debName, packageOfDeb } from '../../provision/apt/package-index.js';
import { findInLists, recordPackages } from '../../provision/apt/record-packages.js';
import type { Digest } from '../../core/digest.js';
import type { CellContext } from './context.js';

export class StepPackages {
  readonly #context: CellContext;
  readonly #step: PlanStep;
  readonly #settings: Settings;
  readonly #log: (line: string) => void;
  readonly #warn: (message: string) => void;
  /** What the step's image is made of, once that is known. */
  #recorded: readonly LockedPackage[] | undefined;
  #repository: string | undefined;
  /** Names that the locked packages have or provide. */
  #offered: ReadonlySet<string> = new Set();
  #asksMirror = false;
  #listsAreFresh = false;

  constructor(
    context: CellContext,
    step: PlanStep,
    tell: { log: (line: string) => void; warn: (message: string) => void },
  ) {
    this.#context = context;
    this.#step = step;
    this.#settings = step.settings;
    this.#log = tell.log;
    this.#warn = tell.warn;
  }

  /** Directory of downloaded packages, read and added to. */
  get archives(): string {
    return this.#context.archives;
  }

  /** Directory that takes the place of /var/lib/apt/lists in the step's trees. */
  get lists(): string {
    return path.join(this.#context.workspace, 'lists');
  }

  /** The step's inputs, with the packages that went in. */
  get inputs(): Inputs {
    const packages = this.#recorded ?? this.#step.lock?.packages ?? [];
    return withPackages(this.#step.inputs, packageInputs(packages, this.#settings.architecture));
  }

  /** What the step's image is made of; known after `record`. */
  get recorded(): readonly LockedPackage[] {
    return this.#recorded ?? [];
  }

  get #locked(): readonly LockedPackage[] {
    return this.#step.lock?.packages ?? [];
  }

  /** Without source lines the bootstrapper uses a default that nobody else knows. */
  get #follows(): boolean {
    return this.#step.lock !== undefined && this.#step.sources.lines.length > 0;
  }

  get #complete(): boolean {
    return this.#follows && this.#step.lock?.complete === true && !this.#asksMirror;
  }

  /**
   * A provisioner asked for a package that the lock does not name, and the mirror may have it: what one
   * installs and a later one removes is not in the lock, nor what a task decides by what it finds out.
   */
  wantsMirror(error: unknown): boolean {
    return this.#complete && error instanceof OnibError && lacksPackage(error.details.join('\n'));
  }

  /** From now on trees also see the mirror's packages. */
  askMirror(): void {
    this.#warn(
      `${LOCK_FILE} does not name what was asked for: provisioning again, with the mirror`,
    );
    this.#asksMirror = true;
    this.#listsAreFresh = false;
  }

  /** Makes the locked packages available; nothing to do without a lock. */
  async prepare(): Promise<void> {
    await mkdir(this.lists, { recursive: true });
    if (!this.#follows) {
      if (this.#step.lock !== undefined) {
        this.#warn(`${LOCK_FILE} is not followed: no mirror is known; set apt_server`);
      }
      return;
    }
    const { signal, archives } = this.#context;
    const packages = this.#locked;
    await this.#markUsed(packages);
    await ensurePackages({
      what: this.#step.title,
      ...{ packages, archives, signal },
      sources: this.#step.sources,
    });
    this.#repository = path.join(this.#context.workspace, 'locked');
    this.#offered = await writeLockedRepository({
      ...{ packages, archives, signal },
      directory: this.#repository,
      settings: this.#settings,
      controls: this.#context.cache.controls,
    });
    this.#log(
      `${LOCK_FILE}: ${String(packages.length)} packages${this.#complete ? '' : ', newer ones where it names none'}`,
    );
  }

  /**
   * For the bootstrapper, which runs outside of the tree. Where the lock does not name all that is asked
   * for (a provisioner may have removed it), the mirror is asked as well; debootstrap knows one source.
   */
  bootstrapSources(packages: readonly string[]): AptSources {
    const named = packages.every((name) => this.#offered.has(name.replace(/[:=/].*$/, '')));
    if (this.#settings.bootstrap === 'mmdebstrap' || this.#repository === undefined) {
      return this.#withRepository(this.#repository, this.#complete && named);
    }
    if (named) return this.#withRepository(this.#repository, true);
    this.#warn(
      `${LOCK_FILE} does not name all of "packages", and debootstrap knows one source: the mirror's versions are taken`,
    );
    return this.#step.sources;
  }

  /** For the tree's own apt. */
  get treeSources(): TreeSources {
    const repository = this.#repository;
    return {
      ...this.#withRepository(
        repository === undefined ? undefined : LOCKED_IN_TREE,
        this.#complete,
      ),
      ...(repository === undefined ? {} : { repository }),
    };
  }

  #withRepository(directory: string | undefined, alone: boolean): AptSources {
    const { sources } = this.#step;
    if (directory === undefined) return sources;
    const locked = lockedSource(directory, this.#settings);
    return {
      ...sources,
      lines: alone ? [locked] : [locked, ...sources.lines],
      preferences: LOCKED_PREFERENCES,
    };
  }

  /** The tree's apt has the lists that it needs. */
  get listsAreFresh(): boolean {
    return this.#listsAreFresh;
  }

  /** Gets the package lists for the tree's apt. */
  async updateLists(image: ImageConfig, root: string): Promise<void> {
    const all = !this.#complete && (await this.#mirrorLists(image, root));
    if (!all && this.#repository !== undefined) {
      // Only the repository's own lists are new; those of the mirror stay as they are.
      await this.#aptUpdate(image, root, [
        ...['-o', 'Dir::Etc::sourcelist=/etc/apt/sources.list.d/onib-locked.list'],
        ...['-o', 'Dir::Etc::sourceparts=-', '-o', 'APT::Get::List-Cleanup=0'],
      ]);
    }
    this.#listsAreFresh = true;
  }

  /**
   * The lists of the mirror: updated by the first step that wants them, copied by the others.
   * @returns This step's apt has updated all its lists, also those of the locked packages.
   */
  async #mirrorLists(image: ImageConfig, root: string): Promise<boolean> {
    const { sources } = this.#step;
    const { suite, architecture } = this.#settings;
    const key = [suite, architecture, ...sources.lines].join('\n');
    const own = path.join(this.#context.cell, `lists-${String(this.#context.number)}`);
    let all = false;
    const shared = await this.#context.shared.lists.get(key, async () => {
      all = await this.#refreshMirrorLists(image, root);
      await mkdir(own);
      await copyLists(this.lists, own);
      return own;
    });
    if (shared !== own) await copyLists(shared, this.lists);
    return all;
  }

  /** @returns False: the kept lists have to do. */
  async #refreshMirrorLists(image: ImageConfig, root: string): Promise<boolean> {
    const { sources } = this.#step;
    const { suite, architecture } = this.#settings;
    const lists = new MirrorLists(
      this.#context.cache.lists,
      ...([sources, suite, architecture] as const),
    );
    const kept = await lists.restore(this.lists);
    try {
      const output = await this.#aptUpdate(image, root, []);
      // Not for the locked packages' own index, nor for a signature over the same indexes.
      if (/^Get:\d+ (?!copy:).* Packages /m.test(output)) {
        await lists.save(this.lists, this.#context.workspace);
      }
      return true;
    } catch (error) {
      // With a lock only what it does not name has to come from the mirror.
      if (!kept || !this.#follows || !(error instanceof OnibError)) throw error;
      this.#warn(`package lists of an earlier build are used: ${error.message}`);
      return false;
    }
  }

  async #aptUpdate(image: ImageConfig, root: string, options: readonly string[]): Promise<string> {
    const update = ['apt-get', 'update', '-o', 'APT::Update::Error-Mode=any', ...options];
    const command = { argv: ['chroot', root, ...update], env: { LC_ALL: 'C.UTF-8' } };
    const { signal } = this.#context;
    const result = await run(command.argv, { env: command.env, signal, check: false });
    const output = result.stdout + result.stderr;
    this.#log(output.trimEnd());
    if (result.exitCode === 0) return output;
    const what = `${image.kind} "${image.name}"`;
    throw withCommand(explainAptFailure(what, output, 'APT_UPDATE_FAILED', image), command);
  }

  /**
   * Notes what the tree holds now: it becomes the lock's entry.
   * @param below Tree below it, whose packages do not count.
   */
  async record(tree: string, below?: string): Promise<void> {
    const { lists } = this;
    const locked = this.#locked;
    const packages = await recordPackages({
      ...{ tree, lists, locked },
      ...(below === undefined ? {} : { below }),
    });
    await this.#markUsed(packages);
    this.#tell(packages);
  }

  async #markUsed(packages: readonly LockedPackage[]): Promise<void> {
    const { archives } = this.#context.cache;
    await markUsed(packages.map((one) => path.join(archives, debName(one))));
  }

  /**
   * Notes single packages that were unpacked, as apt's lists describe them.
   * @param archives Directory that they were downloaded to.
   */
  async recordUnpacked(
    names: readonly string[],
    { lists, archives }: { readonly lists: string; readonly archives: string },
  ): Promise<void> {
    const files = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
    for (const file of files) {
      await copyFile(path.join(archives, file), path.join(this.archives, file));
    }
    const unpacked = files.map(packageOfDeb).filter(({ name }) => names.includes(name));
    this.#tell(await findInLists(unpacked, lists));
  }

  /** Digests of package files by their names, as far as lock and lists know them. */
  async digestsOf(files: readonly string[]): Promise<ReadonlyMap<string, Digest>> {
    const known = [...(this.#recorded ?? []), ...this.#locked];
    const listed = await findInLists(files.map(packageOfDeb), this.lists);
    return new Map(
      [...listed, ...known].flatMap((one) =>
        one.digest === undefined ? [] : [[debName(one), one.digest] as const],
      ),
    );
  }

  /** Unpacks a package that the lock names. False: it names none, or is not followed. */
  async unpackLocked(name: string, tree: string): Promise<boolean> {
    const locked = this.#locked.find((one) => one.name === name);
    if (locked === undefined || !this.#follows) return false;
    const file = path.join(this.archives, debName(locked));
    await run(['dpkg-deb', '--extract', file, tree], { signal: this.#context.signal });
    this.#tell([locked]);
    return true;
  }

  #tell(packages: readonly LockedPackage[]): void {
    this.#recorded = packages;
    this.#context.emit({
      type: 'packages-recorded',
      step: this.#step.title,
      name: this.#step.lockName,
      packages,
    });
  }
}

async function copyLists(from: string, to: string): Promise<void> {
  await run(['cp', '-a', '--', `${from}/.`, to]);
}
