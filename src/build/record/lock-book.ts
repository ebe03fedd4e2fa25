/** What `onib.lock` will say after a build: the entries of steps that ended, with all others as they were. */
import type { Plan, PlanStep } from '../../plan/plan.js';
import { requestDigest } from '../../plan/inputs/package-inputs.js';
import { versionChanges, versionsOf } from '../../core/version-changes.js';
import type { ImageLock, LockedPackage, PackageLock } from '../../lock/model.js';
import type { BuildEvent, CellEvent, PackagesRecorded } from './events.js';

export class LockBook {
  readonly #plan: Plan;
  readonly #before: PackageLock;
  readonly #recorded = new Map<string, PackagesRecorded>();
  readonly #ended = new Set<string>();

  /** @param before The lock as the plan was made with. */
  constructor(plan: Plan, before: PackageLock) {
    this.#plan = plan;
    this.#before = before;
  }

  /** Takes an event of the cell, and gives the one that users see. */
  take(event: CellEvent): BuildEvent {
    if (event.type === 'step-end') this.#ended.add(event.step);
    if (event.type !== 'packages-recorded') return event;
    this.#recorded.set(event.step, event);
    return {
      type: 'packages',
      step: event.step,
      total: event.packages.length,
      changes: versionChanges(
        versionsOf(this.#before[event.name]?.packages ?? []),
        versionsOf(event.packages),
      ),
    };
  }

  /** The lock now. Images that the project no longer has are left out. */
  get lock(): PackageLock {
    const packages = new Map<string, readonly LockedPackage[]>(
      Object.entries(this.#before).map(([name, entry]) => [name, entry.packages]),
    );
    const ended = this.#plan.steps.filter((step) => this.#ended.has(step.title));
    for (const step of ended) {
      const recorded = this.#recorded.get(step.title);
      if (recorded !== undefined) packages.set(step.lockName, recorded.packages);
    }
    const entries = ended.flatMap((step): [string, ImageLock][] => {
      const own = packages.get(step.lockName);
      if (own === undefined) return [];
      const { suite, architecture } = step.settings;
      const request = requestOf(step, packages);
      return [[step.lockName, { suite, architecture, request, packages: own }]];
    });
    const kept = Object.entries(this.#before).filter(([name]) =>
      this.#plan.lockNames.includes(name),
    );
    return Object.fromEntries([...kept, ...entries]);
  }
}

function requestOf(
  step: PlanStep,
  packages: ReadonlyMap<string, readonly LockedPackage[]>,
): ImageLock['request'] {
  const base = step.kind === 'overlay' ? step.image.base : undefined;
  return requestDigest(step.asked, base === undefined ? [] : packages.get(base));
}
