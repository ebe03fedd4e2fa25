/** What a failure's report has beside its message: the command, ready to paste, and where the log is. */
import { OnibError, OnibErrors } from '../core/errors.js';
import { shellCommand, shellWord, withoutPasswords } from './shell-words.js';

export interface FailedCommand {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it read from standard input. */
  readonly input?: string;
  readonly cwd?: string;
}

/** `$ cd /srv/images && printf '%s\n' 'deb …' | LC_ALL=C.UTF-8 mmdebstrap …`. */
export function commandLine({ argv, env = {}, input, cwd }: FailedCommand): string {
  const directory = cwd === undefined ? '' : `cd ${shellWord(cwd)} && `;
  const lines = input?.trimEnd() ?? '';
  const feed = lines === '' ? '' : `${shellCommand(['printf', '%s\\n', ...lines.split('\n')])} | `;
  return withoutPasswords(`$ ${directory}${feed}${shellCommand(argv, env)}`);
}

/** The error with the command that failed above the end of its output. */
export function withCommand(error: OnibError, command: FailedCommand): OnibError {
  return withDetails(error, [commandLine(command), ...error.details]);
}

const LOG = 'log: ';

/** Any error, with the log's path below, when it does not name one already. */
export function withLog(error: unknown, log: string): unknown {
  if (error instanceof OnibErrors) {
    return new OnibErrors(error.problems.map((problem) => logged(problem, log)));
  }
  return error instanceof OnibError ? logged(error, log) : error;
}

function logged(error: OnibError, log: string): OnibError {
  if (error.details.some((line) => line.startsWith(LOG))) return error;
  return withDetails(error, [...error.details, `${LOG}${log}`]);
}

function withDetails(error: OnibError, details: readonly string[]): OnibError {
  const { code, message, hint, where, exitCode, cause } = error;
  return new OnibError(code, message, {
    ...{ details, exitCode, cause },
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
  });
}
