/** Tells what an overlay does that breaks a node, with the task that did it where that is known. */
import { displayName } from '../../core/byte-string.js';
import { checkOverlay } from '../../archive/overlay/check.js';
import type { GuardFinding } from '../../archive/overlay/guards.js';
import { formatPlace, OnibError, OnibErrors } from '../../core/errors.js';
import { taskOfPath, taskName, type ProvisionedTree } from '../record/task-of-path.js';
import type { TimedTask } from '../record/task-times.js';

export interface GuardRequest {
  /** Name of the overlay. */
  readonly name: string;
  /** The upper directory, not mounted any more. */
  readonly changes: ProvisionedTree;
  /** Absolute path of the base image. */
  readonly base: string;
  readonly warn: (message: string) => void;
}

/** @throws {OnibErrors} `OVERLAY_GUARD` for each finding that would break every node. */
export async function guardOverlay(request: GuardRequest): Promise<void> {
  const errors: OnibError[] = [];
  for (const finding of await checkOverlay(request.changes.tree, request.base)) {
    const task = await taskOfPath(finding.path, request.changes);
    if (finding.level === 'error') errors.push(guardError(finding, request.name, task));
    else request.warn(warningText(finding, task));
  }
  if (errors.length > 0) throw new OnibErrors(errors);
}

function warningText({ path: file, what, hint }: GuardFinding, task?: TimedTask): string {
  const place = task?.where === undefined ? '' : ` (${formatPlace(task.where)})`;
  const made = task === undefined ? '' : `; made by ${taskName(task)}${place}`;
  return `/${displayName(file)} ${what}${made}; ${hint}`;
}

function guardError(finding: GuardFinding, name: string, task?: TimedTask): OnibError {
  return new OnibError(
    'OVERLAY_GUARD',
    `Cannot pack overlay "${name}": /${displayName(finding.path)} ${finding.what}`,
    {
      hint: finding.hint,
      ...(task === undefined ? {} : { details: [`made by ${taskName(task)}`] }),
      ...(task?.where === undefined ? {} : { where: task.where }),
    },
  );
}
