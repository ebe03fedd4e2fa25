/** Errors as plain data, so that a child process can hand them to its parent unchanged. */
import { OnibError, OnibErrors, type ExitCode, type SourcePlace } from './errors.js';

export type ErrorData =
  | {
      readonly kind: 'onib';
      readonly code: string;
      readonly message: string;
      readonly hint?: string | undefined;
      readonly where?: SourcePlace | undefined;
      readonly details: readonly string[];
      readonly exitCode: ExitCode;
    }
  | { readonly kind: 'many'; readonly problems: readonly ErrorData[] }
  | { readonly kind: 'bug'; readonly message: string; readonly stack?: string | undefined }
  | {
      readonly kind: 'suppressed';
      readonly first: ErrorData;
      readonly second: ErrorData;
    };

interface Suppressed {
  /** The first cause: what the body threw. */
  suppressed: unknown;
  /** What clean-up threw afterwards. */
  error: unknown;
}

function isSuppressed(error: unknown): error is Suppressed {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error;
}

export function errorToData(error: unknown): ErrorData {
  if (error instanceof OnibError) {
    const { code, message, hint, where, details, exitCode } = error;
    return { kind: 'onib', code, message, hint, where, details, exitCode };
  }
  if (error instanceof OnibErrors) {
    return { kind: 'many', problems: error.problems.map(errorToData) };
  }
  if (isSuppressed(error)) {
    return {
      kind: 'suppressed',
      first: errorToData(error.suppressed),
      second: errorToData(error.error),
    };
  }
  if (error instanceof Error) return { kind: 'bug', message: error.message, stack: error.stack };
  return { kind: 'bug', message: String(error) };
}

/** The first cause comes back as the error itself; what clean-up met is added to its details. */
export function errorFromData(data: ErrorData): Error {
  switch (data.kind) {
    case 'onib':
      return new OnibError(data.code, data.message, {
        details: data.details,
        exitCode: data.exitCode,
        ...(data.hint === undefined ? {} : { hint: data.hint }),
        ...(data.where === undefined ? {} : { where: data.where }),
      });
    case 'many':
      return new OnibErrors(
        data.problems.map(errorFromData).filter((error) => error instanceof OnibError),
      );
    case 'suppressed':
      return withCleanUpFailure(errorFromData(data.first), errorFromData(data.second));
    case 'bug': {
      const error = new Error(data.message);
      if (data.stack !== undefined) error.stack = data.stack;
      return error;
    }
  }
}

function withCleanUpFailure(first: Error, second: Error): Error {
  if (!(first instanceof OnibError)) return first;
  return new OnibError(first.code, first.message, {
    details: [...first.details, `While cleaning up after this: ${second.message}`],
    exitCode: first.exitCode,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    ...(first.where === undefined ? {} : { where: first.where }),
  });
}
