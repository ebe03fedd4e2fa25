/** Which node gets which profile, for `onib serve`: `--assign FILE`, else the project's boot-profiles.yml. */
import path from 'node:path';
import type { Assignment } from '../../contract/assignment.js';
import { PROFILES_FILE } from '../../contract/names.js';
import { OnibErrors, type OnibError } from '../../core/errors.js';
import { findProject } from '../../project/find-project.js';
import { AssignmentFile, type Look } from '../../project/profiles/assignment-file.js';
import type { Context } from './context.js';

export interface AssignmentOptions {
  /** `--assign FILE` */
  readonly assign?: string;
  /** `--store DIR`: no project is needed then, nor looked for. */
  readonly store?: string;
}

const POLL_MS = 1000;

export interface FollowedAssignment extends Disposable {
  /** As the file is now; undefined while there is none: releases of version 1 then assign their nodes themselves. */
  readonly assignment: Assignment | undefined;
  /**
   * Looks at the file every second until disposed of. A file with mistakes changes nothing and is told once.
   */
  follow(
    onChange: (assignment: Assignment) => void,
    onProblems: (problems: readonly OnibError[]) => void,
  ): void;
}

/**
 * @returns undefined where no file is named, and no project is asked for one
 * @throws {OnibErrors} every mistake in the file: nothing should be served by a wrong assignment
 */
export async function openAssignment(
  context: Context,
  options: AssignmentOptions,
): Promise<FollowedAssignment | undefined> {
  const place = findFile(context, options);
  if (place === undefined) return undefined;
  const file = new AssignmentFile(place.absolute, place.name);
  const assignment = firstLook(await file.look(), place.mayBeMissing);
  let timer: NodeJS.Timeout | undefined;
  return {
    assignment,
    follow(onChange, onProblems) {
      timer = setInterval(() => {
        void file.look().then((look) => {
          if (look === undefined) return;
          if ('problems' in look) onProblems(look.problems);
          else onChange(look.assignment);
        });
      }, POLL_MS);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

function firstLook(look: Look | undefined, mayBeMissing: boolean): Assignment | undefined {
  if (look === undefined) return undefined;
  if ('assignment' in look) return look.assignment;
  const isMissing = look.problems.every(({ code }) => code === 'ASSIGNMENT_MISSING');
  if (isMissing && mayBeMissing) return undefined;
  throw new OnibErrors(look.problems);
}

interface FilePlace {
  readonly absolute: string;
  readonly name: string;
  /** A project need not have one. */
  readonly mayBeMissing: boolean;
}

function findFile(
  { directory }: Context,
  { assign, store }: AssignmentOptions,
): FilePlace | undefined {
  if (assign !== undefined) {
    return { absolute: path.resolve(directory, assign), name: assign, mayBeMissing: false };
  }
  if (store !== undefined) return undefined;
  const absolute = path.join(findProject(directory), PROFILES_FILE);
  return { absolute, name: PROFILES_FILE, mayBeMissing: true };
}
