/** What a build tells of packages, on its way into the lock and to the user. */
import { LockBook } from '../../lock/book.js';
import type { PackageLock } from '../../lock/model.js';
import { requestDigest } from '../../plan/inputs/package-inputs.js';
import type { Plan, PlanStep } from '../../plan/plan.js';
import type { BuildEvent, CellEvent } from './events.js';

/** @param before The lock as the plan was made with. */
export function lockBookOf(
  { steps, lockNames }: Pick<Plan, 'steps' | 'lockNames'>,
  before: PackageLock,
): LockBook<PlanStep> {
  return new LockBook({
    ...{ steps, lockNames, before },
    requestOf: (step, packages) => {
      const base = step.kind === 'overlay' ? step.image.base : undefined;
      return requestDigest(step.asked, base === undefined ? [] : packages.get(base));
    },
  });
}

/** Notes what an event of the cell says of packages, and gives the event that users see. */
export function noteInLock(event: CellEvent, book: LockBook<PlanStep>): BuildEvent {
  if (event.type === 'step-end') book.end(event.step);
  if (event.type !== 'packages-recorded') return event;
  const { step, name, packages } = event;
  const changes = book.record({ title: step, lockName: name }, packages);
  return { type: 'packages', step, total: packages.length, changes };
}
