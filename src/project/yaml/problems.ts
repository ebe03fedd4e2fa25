/** Mistakes of a configuration, as the user reads them. */
import { EXIT, OnibError, type SourcePlace } from '../../core/errors.js';

/** A mistake in the project's files: exit code 2, nothing was touched. */
export function configProblem(
  code: string,
  message: string,
  where: SourcePlace,
  hint?: string,
  details: readonly string[] = [],
): OnibError {
  return new OnibError(code, message, {
    where,
    exitCode: EXIT.usage,
    details,
    ...(hint === undefined ? {} : { hint }),
  });
}
