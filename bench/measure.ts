/** Runs a command line and tells what it took; GNU time does the counting, for us and for peers alike. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../src/host/run.js';

export interface Cost {
  /** Seconds of all processors. */
  readonly cpu: number;
  /** Seconds on the clock. */
  readonly wall: number;
  /** MiB of the largest process. */
  readonly memory: number;
  /** What it printed. */
  readonly output: string;
}

export async function measure(argv: readonly string[], cwd?: string): Promise<Cost> {
  const directory = await mkdtemp(path.join(tmpdir(), 'onib-bench-'));
  const report = path.join(directory, 'cost');
  try {
    const { stdout } = await run(['time', '--quiet', '-o', report, '-f', '%U %S %e %M', ...argv], {
      debianPackage: 'time',
      ...(cwd === undefined ? {} : { cwd }),
    });
    const [user = 0, system = 0, wall = 0, kibibytes = 0] = (await readFile(report, 'utf8'))
      .trim()
      .split(' ')
      .map(Number);
    return { cpu: user + system, wall, memory: kibibytes / 1024, output: stdout };
  } finally {
    await rm(directory, { recursive: true });
  }
}
