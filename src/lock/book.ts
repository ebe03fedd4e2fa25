/** What `onib.lock` will say after a build: the entries of steps that ended, with all others as they were. */
import type { Digest } from '../core/digest.js';
import { versionChanges, versionsOf, type VersionChange } from '../core/version-changes.js';
import type { ImageLock, LockedPackage, PackageLock } from './model.js';

/** A step of a plan, as the lock knows it. */
export interface BookedStep {
  readonly title: string;
  /** Its name in the lock. */
  readonly lockName: string;
  readonly settings: Pick<Required<ImageLock>, 'suite' | 'architecture'>;
}

/** Packages by name in the lock. */
type Packages = ReadonlyMap<string, readonly LockedPackage[]>;

export interface BookOptions<Step extends BookedStep> {
  readonly steps: readonly Step[];
  /** Names of all that the project has; others are left out of the lock. */
  readonly lockNames: readonly string[];
  /** The lock as the plan was made with. */
  readonly before: PackageLock;
  /** Identity of what decides on the step's packages. */
  readonly requestOf: (step: Step, packages: Packages) => Digest;
}

export class LockBook<Step extends BookedStep = BookedStep> {
  readonly #options: BookOptions<Step>;
  readonly #recorded = new Map<string, readonly LockedPackage[]>();
  readonly #ended = new Set<string>();

  constructor(options: BookOptions<Step>) {
    this.#options = options;
  }

  /**
   * Notes what a step's image is made of; it counts when the step has ended.
   *
   * @returns how that differs from what the lock said
   */
  record(
    { title, lockName }: Omit<BookedStep, 'settings'>,
    packages: readonly LockedPackage[],
  ): VersionChange[] {
    this.#recorded.set(title, packages);
    const before = this.#options.before[lockName]?.packages ?? [];
    return versionChanges(versionsOf(before), versionsOf(packages));
  }

  end(title: string): void {
    this.#ended.add(title);
  }

  /** The lock now. */
  get lock(): PackageLock {
    const { steps, lockNames, before, requestOf } = this.#options;
    const packages = new Map<string, readonly LockedPackage[]>(
      Object.entries(before).map(([name, entry]) => [name, entry.packages]),
    );
    const ended = steps.filter(({ title }) => this.#ended.has(title));
    for (const { title, lockName } of ended) {
      const recorded = this.#recorded.get(title);
      if (recorded !== undefined) packages.set(lockName, recorded);
    }
    const entries = ended.flatMap((step): [string, ImageLock][] => {
      const own = packages.get(step.lockName);
      if (own === undefined) return [];
      const { suite, architecture } = step.settings;
      const request = requestOf(step, packages);
      return [[step.lockName, { suite, architecture, request, packages: own }]];
    });
    const kept = Object.entries(before).filter(([name]) => lockNames.includes(name));
    return Object.fromEntries([...kept, ...entries]);
  }
}
