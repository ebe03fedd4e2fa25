/**
 * Which node gets which profile, read from boot-profiles.yml (or a file of the same form) alone: no image and no
 * vars file is looked at, so that it can be followed on a machine without the project.
 */
import { readFile } from 'node:fs/promises';
import type { Assignment } from '../../contract/assignment.js';
import { EXIT, formatPlace, OnibError } from '../../core/errors.js';
import { parseYamlFile } from '../yaml/yaml-file.js';
import { readProfiles } from './profiles-file.js';

/** What came of a look at the file. */
export type Look =
  | { readonly assignment: Assignment }
  /** Every mistake in it, with its place. */
  | { readonly problems: readonly OnibError[] };

export function parseAssignment(file: string, content: string): Look {
  const problems: OnibError[] = [];
  const yaml = parseYamlFile(file, content, 'onib', problems);
  const { profiles, defaultProfile } = readProfiles(yaml, undefined, problems);
  if (problems.length > 0) return { problems };
  const nodes = profiles.flatMap((profile) =>
    profile.nodes.map((mac, index) => ({
      mac,
      profile: profile.name,
      place: formatPlace(yaml.valuePlace(['profiles', profile.name, 'nodes', index])),
    })),
  );
  return {
    assignment: { file, nodes, ...(defaultProfile === undefined ? {} : { defaultProfile }) },
  };
}

/** A file that is looked at again and again; polled, since notifications do not cross NFS. */
export class AssignmentFile {
  readonly #path: string;
  readonly #name: string;
  /** What the last look saw: the content, or why there was none. */
  #seen: string | undefined;
  /** What was last answered. */
  #answered: string | undefined;

  /**
   * @param absolute path of the file
   * @param name as messages call it
   */
  constructor(absolute: string, name: string) {
    this.#path = absolute;
    this.#name = name;
  }

  /**
   * A change counts when two looks in a row see the same, so that a file that is just being written is not taken for
   * a shorter one. The first look of all counts at once.
   *
   * @returns undefined when nothing changed since the last answer
   */
  async look(): Promise<Look | undefined> {
    const found = await readFile(this.#path, 'utf8').then(
      (content) => ({ content }),
      (error: unknown) => ({ error: error as NodeJS.ErrnoException }),
    );
    const seen = 'content' in found ? `content ${found.content}` : `error ${found.error.message}`;
    const isSettled = this.#answered === undefined || seen === this.#seen;
    this.#seen = seen;
    if (!isSettled || seen === this.#answered) return undefined;
    this.#answered = seen;
    if ('content' in found) return parseAssignment(this.#name, found.content);
    return { problems: [this.#unreadable(found.error)] };
  }

  #unreadable(error: NodeJS.ErrnoException): OnibError {
    const isAbsent = error.code === 'ENOENT';
    return new OnibError(
      isAbsent ? 'ASSIGNMENT_MISSING' : 'ASSIGNMENT_UNREADABLE',
      `Cannot read "${this.#name}": ${isAbsent ? 'there is no such file' : error.message}`,
      {
        exitCode: EXIT.usage,
        hint: isAbsent
          ? `a file of the form of boot-profiles.yml says which node gets which profile`
          : 'the user that the server runs as must be able to read it',
        cause: error,
      },
    );
  }
}
