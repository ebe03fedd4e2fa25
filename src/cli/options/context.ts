/** What every command gets: where to look for the project, where to write, and when to stop. */
import path from 'node:path';
import { EXIT, type ExitCode } from '../../core/errors.js';
import { Output, type Streams } from '../show/output.js';

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  /** `-C DIR` */
  readonly C?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface ContextOptions {
  readonly signal: AbortSignal;
  readonly streams: Streams;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class Context {
  /** Aborts at the first Ctrl-C; pass it to everything that takes time. */
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Exit code of a command that did its work; one that fails throws. */
  exitCode: ExitCode = EXIT.done;
  readonly #streams: Streams;
  #directory: string;
  #output: Output;

  constructor(options: ContextOptions) {
    this.signal = options.signal;
    this.environment = options.environment;
    this.#streams = options.streams;
    this.#directory = options.directory;
    this.#output = new Output(options.streams);
  }

  /** Absolute path where the search for a project begins: `-C DIR`, or the working directory. */
  get directory(): string {
    return this.#directory;
  }

  get output(): Output {
    return this.#output;
  }

  /** Takes the global options over, once, before a command runs. */
  configure(options: GlobalOptions): void {
    if (options.C !== undefined) this.#directory = path.resolve(this.#directory, options.C);
    this.#output = new Output(this.#streams, {
      ...options,
      noColor: (this.environment.NO_COLOR ?? '') !== '',
    });
  }
}
