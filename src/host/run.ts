/**
 * The one door to other programs: nobody outside `host/` spawns a process. What watches them is
 * loaded with the first one, since a build that has nothing to do starts none.
 */
import type { RunOptions, RunResult } from './command.js';

export type { RunOptions, RunResult } from './command.js';

/**
 * Runs a command to its end.
 *
 * @throws {OnibError} `COMMAND_MISSING` (exit 3) when the program is not installed,
 *   `COMMAND_FAILED` when it exits non-zero, `INTERRUPTED` (exit 130) when `signal` aborts.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { start } = await import('./command.js');
  return await start(argv, options).result;
}
