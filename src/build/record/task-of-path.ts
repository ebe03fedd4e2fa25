/** Which provisioning task made a path of a tree, as errors and warnings tell it. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { bytesOf, byteString, joinPath, type ByteString } from '../../core/byte-string.js';
import type { TaskTimes, TimedTask } from './task-times.js';

export interface ProvisionedTree {
  /** Absolute path. */
  readonly tree: string;
  /** Absolute path of the project. */
  readonly project: string;
  readonly tasks: TaskTimes;
}

/**
 * The task that ran when the path was made; undefined: none did. A directory's birth tells, since what comes
 * into it changes its other times; overlayfs links whiteouts to one inode, whose times are those of the last.
 */
export async function taskOfPath(
  name: ByteString,
  { tree, project, tasks }: ProvisionedTree,
): Promise<TimedTask | undefined> {
  const stats = await lstat(bytesOf(joinPath(byteString(tree), name))).catch(() => undefined);
  // It only adorns an error: a path that is not there has no task.
  if (stats === undefined) return undefined;
  if (stats.isCharacterDevice() && stats.nlink > 1) return undefined;
  const born = stats.isDirectory() && stats.birthtimeMs > 0;
  return relativeTask(tasks.at(born ? stats.birthtimeMs : stats.ctimeMs), project);
}

export function taskName({ task, role }: TimedTask): string {
  return role === undefined ? `task "${task}"` : `task "${task}" of role ${role}`;
}

function relativeTask(task: TimedTask | undefined, project: string): TimedTask | undefined {
  if (task?.where?.file.startsWith(`${project}/`) !== true) return task;
  return { ...task, where: { ...task.where, file: path.relative(project, task.where.file) } };
}
