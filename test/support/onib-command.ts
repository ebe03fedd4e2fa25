/** The compiled program as a process of its own, as users run it. */
import { run, type RunOptions, type RunResult } from '../../src/host/run.js';
import { compiledPath } from '../../src/core/package.js';

export const onib = [process.execPath, compiledPath('src/cli/main.js')] as const;

interface OnibOptions extends RunOptions {
  /** Command that runs it: `unshare --mount …`. */
  readonly wrapper?: readonly string[];
}

/** Runs `onib -C <project> …`; unlike in `run`, a failure is a result unless `check` is set. */
export async function runOnib(
  project: string,
  words: readonly string[],
  { wrapper = [], ...options }: OnibOptions = {},
): Promise<RunResult> {
  const argv = [...wrapper, ...onib, '-C', project, ...words];
  return await run(argv, { check: false, ...options });
}

/** A line of `onib build --json`: an event, or the error that ended it. */
export interface BuildLine {
  readonly schema: string;
  readonly type?: string;
  readonly step?: string;
  readonly stage?: string;
  /** Seconds since 1970, in events. */
  readonly time?: number;
  readonly problems?: readonly { readonly message: string }[];
  readonly [field: string]: unknown;
}

/** Runs `onib build … --json` as `runOnib` does. */
export async function runBuild(
  project: string,
  words: readonly string[],
  options?: OnibOptions,
): Promise<{ exitCode: number; lines: BuildLine[] }> {
  const argv = ['build', ...words, '--json'];
  const { exitCode, stdout } = await runOnib(project, argv, options);
  const lines = stdout.trimEnd().split('\n');
  return { exitCode, lines: lines.map((line) => JSON.parse(line) as BuildLine) };
}
