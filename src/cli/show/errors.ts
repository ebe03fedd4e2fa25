/**
 * Errors as a user reads them:
 *
 *   error[BASE_MISSING]: Cannot build overlay "discovery": no base image in the current release
 *     at vars/discovery.yml:3:7
 *     hint: onib build base
 */
import { EXIT, formatPlace, OnibError, OnibErrors, type ExitCode } from '../../core/errors.js';
import { shellCommand, shellWord } from '../../host/shell-words.js';
import { version } from '../../core/package.js';
import { withWorkingSudo } from './sudo.js';

/** What the system says by number and a user can mend: everything else unknown is a bug of ours. */
const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EROFS: 'read-only file system',
  EMFILE: 'too many open files',
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'this machine does not have the address',
};

/** One thing to show: the first cause of a failure, or what went wrong while cleaning up after it. */
export interface Problem {
  readonly error: unknown;
  readonly cleanUp: boolean;
}

interface Suppressed extends Error {
  readonly error: unknown;
  readonly suppressed: unknown;
}

/** Node 20 has no SuppressedError class; the compiler's helper makes errors of that name. */
function isSuppressed(error: unknown): error is Suppressed {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error;
}

/** Takes apart errors that hold errors; the first cause comes first. */
export function problemsOf(error: unknown, cleanUp = false): readonly Problem[] {
  if (error instanceof OnibErrors) {
    return error.problems.map((problem) => ({ error: problem, cleanUp }));
  }
  if (isSuppressed(error)) {
    return [...problemsOf(error.suppressed, cleanUp), ...problemsOf(error.error, true)];
  }
  if (error instanceof AggregateError) {
    return error.errors.flatMap((inner) => problemsOf(inner, cleanUp));
  }
  return [{ error, cleanUp }];
}

export function exitCodeOf(error: unknown): ExitCode {
  return readable(problemsOf(error)[0]?.error)?.exitCode ?? EXIT.failed;
}

/** The error as an OnibError, when it is one or the system's own; undefined for a bug. */
function readable(error: unknown): OnibError | undefined {
  if (error instanceof OnibError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return noPermission(error);
  const reason = code === undefined ? undefined : SYSTEM_REASONS[code];
  if (code === undefined || reason === undefined || syscall === undefined) return undefined;
  const which = path === undefined ? '' : ` "${path}"`;
  return new OnibError(code, `Cannot ${syscall}${which}: ${reason}`, { cause: error });
}

/** Of a file that belongs to somebody else, mostly root. */
function noPermission(error: NodeJS.ErrnoException): OnibError {
  const { syscall = 'use', path = '' } = error;
  const isRoot = process.getuid?.() === 0;
  return new OnibError('NO_PERMISSION', `Cannot ${syscall} "${path}": this user may not`, {
    exitCode: EXIT.hostLacks,
    hint: isRoot
      ? `ls -ld ${shellWord(path)}, lsattr and findmnt say why root may not either`
      : `sudo ${shellCommand(['onib', ...process.argv.slice(2)])}`,
    cause: error,
  });
}

function stackOf(error: unknown): string[] {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function causeLines(error: OnibError): string[] {
  return error.cause === undefined ? [] : ['caused by:', ...stackOf(error.cause)];
}

function linesOf({ error, cleanUp }: Problem, verbose: boolean, kind = 'error'): string[] {
  const word = cleanUp ? `${kind} while cleaning up` : kind;
  const known = readable(error);
  if (known === undefined) {
    return [
      `${word}[BUG]: ${error instanceof Error ? error.message : String(error)}`,
      `  this is a mistake in onib ${version} itself; please report it with these lines`,
      ...indent(stackOf(error)),
    ];
  }
  const hint = withWorkingSudo(known.hint);
  return [
    `${word}[${known.code}]: ${known.message}`,
    ...indent([
      ...(known.where === undefined ? [] : [`at ${formatPlace(known.where)}`]),
      ...known.details,
      ...(verbose ? causeLines(known) : []),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ]),
  ];
}

/** Whoever pressed Ctrl-C made no mistake: a line tells how it ended, and no block. */
function interruptionLine(alone: boolean): string {
  return alone ? 'onib: interrupted; everything is cleaned up' : 'onib: interrupted';
}

function isInterruption({ error }: Problem): boolean {
  return error instanceof OnibError && error.code === 'INTERRUPTED';
}

/** Everything that went wrong, first cause first, one block per problem. */
export function formatError(error: unknown, verbose = false): string {
  const problems = problemsOf(error);
  const wrong = problems.filter((problem) => !isInterruption(problem));
  return [
    ...(wrong.length < problems.length ? [interruptionLine(wrong.length === 0)] : []),
    ...wrong.map((problem) => linesOf(problem, verbose).join('\n')),
  ].join('\n');
}

/** What the command can do without, in the same form. */
export function formatWarning(error: unknown): string {
  return problemsOf(error)
    .map((problem) => linesOf(problem, false, 'warning').join('\n'))
    .join('\n');
}

/** The same for machines; documented in docs/json.md. */
export function errorObject(error: unknown): {
  readonly schema: 'onib.error/1';
  readonly exitCode: ExitCode;
  readonly problems: readonly Readonly<Record<string, unknown>>[];
} {
  return {
    schema: 'onib.error/1',
    exitCode: exitCodeOf(error),
    problems: problemsOf(error).map(({ error: inner, cleanUp }) => {
      const known = readable(inner);
      return known === undefined
        ? { code: 'BUG', message: String(inner), details: stackOf(inner), cleanUp }
        : {
            code: known.code,
            message: known.message,
            where: known.where,
            hint: withWorkingSudo(known.hint),
            details: known.details,
            cleanUp,
          };
    }),
  };
}
