/** Where a project is: a directory that holds `group_vars/on_imagebuild`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EXIT, OnibError } from '../core/errors.js';

/** Any of these makes a directory a project. */
const MARKS = ['on_imagebuild', 'on_imagebuild.yml', 'on_imagebuild.yaml'].map((name) =>
  path.join('group_vars', name),
);

/** Does the directory itself hold a project? */
export function isProject(directory: string): boolean {
  return MARKS.some((mark) => existsSync(path.join(directory, mark)));
}

/**
 * The nearest directory upward that holds `group_vars/on_imagebuild`.
 *
 * @returns its absolute path.
 * @throws {OnibError} `NO_PROJECT` (exit 2).
 */
export function findProject(start: string): string {
  const from = path.resolve(start);
  for (let directory = from; ; directory = path.dirname(directory)) {
    if (isProject(directory)) return directory;
    if (directory === path.dirname(directory)) break;
  }
  throw new OnibError(
    'NO_PROJECT',
    `Cannot find a project from "${from}": no folder upward holds group_vars/on_imagebuild`,
    { exitCode: EXIT.usage, hint: 'onib init, or -C <dir> of a project' },
  );
}
