/** `onib build --shell-on-error`: what is shown around the shell in a tree in which a step failed. */
import type { FailedTree } from '../../build/engine/shell-on-error.js';
import { EXIT, OnibError } from '../../core/errors.js';
import { openShell } from '../../host/terminal-shell.js';
import type { BuildReporter } from './build-reporter.js';
import type { Output } from './output.js';

/** @throws {OnibError} `USAGE` (exit 2) where nobody could type into the shell */
export function requireTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new OnibError('USAGE', 'Cannot build with "--shell-on-error": there is no terminal', {
    exitCode: EXIT.usage,
    hint: 'run it in a terminal, without --json and pipes',
  });
}

/** Says what failed, opens the shell, and returns when it has ended. */
export async function enterFailedTree(
  { step, root, pid, message, details }: FailedTree,
  reporter: BuildReporter,
  output: Output,
): Promise<void> {
  await reporter.pausing(async () => {
    output.problem(`${output.style('failed', 'red')}: ${message}`);
    for (const line of details) output.problem(`  ${line}`);
    output.problem(
      `a shell in the tree of "${step}" as it was; what you change is lost; exit ends the build`,
    );
    await openShell({ pid, root, prompt: `(onib: ${step}) ` });
  });
}
