/** `onib build` as a process of its own, with its events as they come. */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { start, type RunningCommand } from '../../src/host/command.js';
import { before, type Before } from './leftovers.js';
import { onib, type BuildLine } from './onib-command.js';

/** When something is done to a build: so many milliseconds, at most, after the first such line. */
export interface Moment {
  readonly what: string;
  readonly at?: (line: BuildLine) => boolean;
  readonly within: number;
}

/** A stage of a step, by the words that it begins with. */
export const stage =
  (step: string, begin: string) =>
  (line: BuildLine): boolean =>
    line.step === step && line.type === 'stage' && line.stage?.startsWith(begin) === true;

export const event =
  (step: string, type: string) =>
  (line: BuildLine): boolean =>
    line.step === step && line.type === type;

export class RunningBuild {
  readonly lines: BuildLine[] = [];
  /** What is no JSON: of a wrapper, or of standard error. */
  readonly others: string[] = [];
  readonly state: Before;
  readonly process: RunningCommand;
  #told: () => void = () => undefined;

  private constructor(state: Before, argv: readonly string[]) {
    this.state = state;
    this.process = start(argv, {
      check: false,
      env: state.environment,
      onLine: (line, stream) => {
        if (!line.startsWith('{')) this.others.push(line);
        if (stream !== 'stdout' || !line.startsWith('{')) return;
        this.lines.push(JSON.parse(line) as BuildLine);
        this.#told();
      },
    });
  }

  /** @param wrapper Command that runs it: `unshare --mount …`. */
  static async start(
    project: string,
    words: readonly string[],
    wrapper: readonly string[] = [],
  ): Promise<RunningBuild> {
    const argv = [...wrapper, ...onib, '-C', project, 'build', ...words, '--json'];
    return new RunningBuild(await before(), argv);
  }

  /** Resolves as soon as the line comes, and some time after it: the last ones are milliseconds apart. */
  async reached({ at, within }: Moment, random: () => number): Promise<void> {
    if (at !== undefined) {
      await new Promise<void>((resolve, reject) => {
        this.#told = () => {
          if (this.lines.some((line) => at(line))) resolve();
        };
        this.#told();
        void this.process.result.then(() => reject(new Error(this.lastWords())), reject);
      });
    }
    await delay(random() * within);
  }

  lastWords(): string {
    const words = this.lines.slice(-5).map(({ schema, type, step, stage: of, problems }) => ({
      ...{ schema, type, step, stage: of, problems },
    }));
    return `the build ended: ${JSON.stringify(words)}`;
  }

  /** To onib itself, and to nobody else; which may have ended just now. */
  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(this.process.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** The cell's process outside of its namespaces: it has its mounts. */
  async cell(): Promise<number> {
    const own = await readlink(`/proc/${String(this.process.pid)}/ns/pid`);
    const pending = [this.process.pid];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if ((await readlink(`/proc/${String(next)}/ns/pid`).catch(() => own)) !== own) return next;
      for (const thread of await readdir(`/proc/${String(next)}/task`).catch(() => [])) {
        const file = `/proc/${String(next)}/task/${thread}/children`;
        const children = await readFile(file, 'utf8').catch(() => '');
        pending.push(...children.split(' ').filter(Boolean).map(Number));
      }
    }
    throw new Error('the build has no cell');
  }
}
