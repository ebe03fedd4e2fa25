/** Tells what an overlay does that breaks a node, with the task that did it where that is known. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { bytesOf, byteString, displayName, joinPath } from '../archive/byte-string.js';
import { checkOverlay } from '../archive/check-overlay.js';
import type { GuardFinding } from '../archive/overlay-guards.js';
import { formatPlace, OnibError, OnibErrors } from '../errors.js';
import type { TaskTimes, TimedTask } from './task-times.js';

export interface GuardRequest {
  /** Name of the overlay. */
  readonly name: string;
  /** Absolute path of the project. */
  readonly project: string;
  /** Absolute path of the upper directory, not mounted any more. */
  readonly changes: string;
  /** Absolute path of the base image. */
  readonly base: string;
  readonly tasks: TaskTimes;
  readonly warn: (message: string) => void;
}

/** @throws {OnibErrors} `OVERLAY_GUARD` for each finding that would break every node. */
export async function guardOverlay(request: GuardRequest): Promise<void> {
  const errors: OnibError[] = [];
  for (const finding of await checkOverlay(request.changes, request.base)) {
    const task = relativeTask(await madeBy(finding, request), request.project);
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

function taskName({ task, role }: TimedTask): string {
  return role === undefined ? `task "${task}"` : `task "${task}" of role ${role}`;
}

/**
 * The task that ran when the path was made. A directory's birth tells, since what comes into it changes
 * its other times; overlayfs links whiteouts to one inode, whose times are those of the last.
 */
async function madeBy(
  finding: GuardFinding,
  { changes, tasks }: GuardRequest,
): Promise<TimedTask | undefined> {
  const stats = await lstat(bytesOf(joinPath(byteString(changes), finding.path)));
  if (stats.isCharacterDevice() && stats.nlink > 1) return undefined;
  const born = stats.isDirectory() && stats.birthtimeMs > 0;
  return tasks.at(born ? stats.birthtimeMs : stats.ctimeMs);
}

function relativeTask(task: TimedTask | undefined, project: string): TimedTask | undefined {
  if (task?.where?.file.startsWith(`${project}/`) !== true) return task;
  return { ...task, where: { ...task.where, file: path.relative(project, task.where.file) } };
}
