/**
 * The one error class of onib: what failed, where, why, and what to do about it.
 *
 * Messages follow one form: `Cannot <do what> "<which>": <what is so>`, without a full stop.
 * Only `cli/` prints errors; everything else throws them.
 */

/** Process exit codes (see docs/reference/cli.md). */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  hostLacks: 3,
  busy: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A place in a text file; lines and columns count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface OnibErrorOptions {
  /** What the user can do about it, one line, best a command. */
  readonly hint?: string;
  readonly where?: SourcePlace;
  /** More lines that help: the end of a command's output, a list of paths. */
  readonly details?: readonly string[];
  /** Default: 1, the work failed. */
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/** An error that a user is meant to read. `code` is stable: SCREAMING_SNAKE, documented in docs/errors.md. */
export class OnibError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly where: SourcePlace | undefined;
  readonly details: readonly string[];
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: OnibErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OnibError';
    this.code = code;
    this.hint = options.hint;
    this.where = options.where;
    this.details = options.details ?? [];
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** Several problems found in one pass, e.g. every mistake of a configuration. */
export class OnibErrors extends Error {
  readonly problems: readonly OnibError[];
  readonly exitCode: ExitCode;

  constructor(problems: readonly OnibError[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.name = 'OnibErrors';
    this.problems = problems;
    this.exitCode = problems[0]?.exitCode ?? EXIT.failed;
  }
}

/** `vars/x.yml:3:7`, with the parts that are known. */
export function formatPlace(place: SourcePlace): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}
