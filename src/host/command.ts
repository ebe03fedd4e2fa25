/**
 * Commands: other programs, started and watched. `run.ts` loads this when the first one is needed.
 *
 * Every command gets a process group of its own, so that cancelling it ends its descendants too
 * and a terminal's Ctrl-C reaches only onib, which then unwinds in order.
 */
import { execa, type Options, type ResultPromise } from 'execa';
import { EXIT, OnibError } from '../core/errors.js';
import { lastLines } from '../core/last-lines.js';
import { shellCommand, withoutPasswords } from './shell-words.js';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** False: a non-zero exit code is a result, not an error. Default: true. */
  readonly check?: boolean;
  /** Called with each line of output as it comes, without its newline. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Seconds after which the command is ended. */
  readonly timeout?: number;
  /** Debian package that brings the program, for the hint when it is missing. */
  readonly debianPackage?: string;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + n when signal n ended it. */
  readonly exitCode: number;
}

export interface RunningCommand {
  readonly pid: number;
  /** Settles when the command has ended; rejects as `run` does. */
  readonly result: Promise<RunResult>;
  /** SIGTERM to its process group, SIGKILL after a grace of 5 s; resolves when it is gone. */
  stop(): Promise<void>;
}

const GRACE_SECONDS = 5;
/** Output kept in memory per stream; the rest goes to `onLine` alone. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Starts a command that goes on while the caller works.
 *
 * Its `result` rejects with {@link OnibError} `COMMAND_MISSING` (exit 3) when the program is not installed,
 * `COMMAND_FAILED` when it exits non-zero, `INTERRUPTED` (exit 130) when `signal` aborts.
 */
export function start(argv: readonly string[], options: RunOptions = {}): RunningCommand {
  const [file = '', ...args] = argv;
  options.signal?.throwIfAborted();
  const child = execa(file, args, execaOptions(options));
  forwardLines(child, options.onLine);
  const stop = async (): Promise<void> => {
    await endProcessGroup(child);
  };
  const onAbort = (): void => {
    void stop();
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const result = settle(child, argv, options).finally(() => {
    options.signal?.removeEventListener('abort', onAbort);
  });
  return { pid: child.pid ?? -1, result, stop };
}

function execaOptions(options: RunOptions): Options {
  return {
    reject: false,
    detached: true,
    cleanup: true,
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT_BYTES,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout * 1000 }),
  };
}

function forwardLines(child: ResultPromise, onLine: RunOptions['onLine']): void {
  if (onLine === undefined) return;
  for (const stream of ['stdout', 'stderr'] as const) {
    let rest = '';
    child[stream]?.on('data', (chunk: Buffer | string) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line, stream);
    });
    child[stream]?.on('end', () => {
      if (rest !== '') onLine(rest, stream);
    });
  }
}

async function settle(
  child: ResultPromise,
  argv: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const ended = await child;
  options.signal?.throwIfAborted();
  const stdout = textOf(ended.stdout);
  const stderr = textOf(ended.stderr);
  if (ended.code === 'ENOENT' || ended.code === 'EACCES') throw missing(argv, options);
  const exitCode = ended.exitCode ?? 128 + signalNumber(ended.signal);
  if ((options.check ?? true) && (ended.failed || exitCode !== 0)) {
    throw failed(argv, options, {
      stdout,
      stderr,
      why: ended.timedOut
        ? `it did not end within ${String(options.timeout)} s`
        : ended.signal === undefined
          ? `it exited with ${String(exitCode)}`
          : `it was ended by ${ended.signal}`,
    });
  }
  return { stdout, stderr, exitCode };
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : '';
}

function signalNumber(signal: string | undefined): number {
  const numbers: Record<string, number> = { SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
  return signal === undefined ? 0 : (numbers[signal] ?? 0);
}

function missing(argv: readonly string[], options: RunOptions): OnibError {
  const [program = ''] = argv;
  return new OnibError(
    'COMMAND_MISSING',
    `Cannot run "${program}": the program is not installed or may not be executed`,
    {
      exitCode: EXIT.hostLacks,
      hint:
        options.debianPackage === undefined
          ? 'onib doctor'
          : `apt-get install ${options.debianPackage}`,
    },
  );
}

function failed(
  argv: readonly string[],
  options: RunOptions,
  end: { stdout: string; stderr: string; why: string },
): OnibError {
  const output = end.stderr.trim() === '' ? end.stdout : end.stderr;
  return new OnibError('COMMAND_FAILED', `Cannot run "${argv[0] ?? ''}": ${end.why}`, {
    details: [withoutPasswords(`$ ${shellCommand(argv, options.env)}`), ...lastLines(output)],
  });
}

/** Ends a command and all its descendants that stayed in its process group. */
async function endProcessGroup(child: ResultPromise): Promise<void> {
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(child.pid, 'SIGKILL');
  }, GRACE_SECONDS * 1000);
  await child;
  clearTimeout(timer);
  signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group is gone already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
