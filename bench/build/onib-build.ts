/** Runs `onib build` and tells what it took, and how much of that its provisioners took. */
import { run } from '../../src/host/run.js';
import { runBuild, type BuildLine } from '../../test/support/onib-command.js';

export interface BuildTime {
  /** On the clock. */
  readonly seconds: number;
  /** From each start of ansible-playbook to its end; steps that run side by side count once. */
  readonly ansible: number;
}

/** @param wrapper Command line that runs it: `unshare …`. */
export async function timeBuild(
  project: string,
  words: readonly string[],
  wrapper: readonly string[] = [],
): Promise<BuildTime> {
  const started = performance.now();
  const { lines } = await runBuild(project, words, { wrapper, check: true });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, ansible: unionOf(ansibleSpans(lines)) };
}

export async function timeCommand(argv: readonly string[], cwd?: string): Promise<number> {
  const started = performance.now();
  await run(argv, cwd === undefined ? {} : { cwd });
  return (performance.now() - started) / 1000;
}

type Span = readonly [from: number, to: number];

function ansibleSpans(lines: readonly BuildLine[]): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, [number, number]>();
  for (const { type, step = '', stage = '', time = 0 } of lines) {
    if (type === 'stage' && stage.startsWith('run ')) open.set(step, [time, time]);
    // Packages are read from the tree as soon as the last provisioner has ended.
    else if (type === 'task-end' || type === 'packages') {
      const span = open.get(step);
      if (span !== undefined) span[1] = time;
    } else if (type === 'stage' || type === 'step-end') {
      const span = open.get(step);
      if (span !== undefined) spans.push(span);
      open.delete(step);
    }
  }
  return spans;
}

/** Seconds that lie in any of the spans. */
function unionOf(spans: readonly Span[]): number {
  let [sum, end] = [0, 0];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}
