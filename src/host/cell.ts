/**
 * A cell: a child process in namespaces of its own that dies with its parent.
 *
 * Whatever the child mounts, starts or configures lives in its namespaces. When the parent ends,
 * even by SIGKILL, the kernel ends the child (pdeathsig), then every process of its PID namespace,
 * and drops its mounts, loop devices and network devices. See docs/decisions/0004-build-cell.md
 * and pid_namespaces(7), mount_namespaces(7).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { EXIT, OnibError } from '../core/errors.js';
import { compiledPath } from '../core/package.js';
import { errorFromData, errorToData, type ErrorData } from '../core/error-transfer.js';
import { lastLines } from '../core/last-lines.js';

export type Namespace = 'mount' | 'pid' | 'net' | 'uts';

export interface CellOptions<Request, Event> {
  /** Compiled entry module, e.g. `src/build/engine/build-main.js`; it calls `serveCell`. */
  readonly entry: string;
  readonly request: Request;
  readonly namespaces: readonly Namespace[];
  readonly onEvent?: (event: Event) => void;
  readonly signal?: AbortSignal;
}

export interface Cell<Result> {
  /** Settles when the child and all its namespaces are gone. */
  readonly result: Promise<Result>;
  readonly pid: number;
  /** Hands a message to the child's `onMessage`. */
  send(message: unknown): void;
}

export interface CellIo<Event> {
  emit(event: Event): void;
  /** Aborts when the parent asks for an end or is gone. */
  readonly signal: AbortSignal;
  onMessage(listener: (message: unknown) => void): void;
}

type ToChild<Request> =
  { kind: 'request'; request: Request } | { kind: 'abort' } | { kind: 'message'; message: unknown };

type ToParent<Event, Result> =
  | { kind: 'event'; event: Event }
  | { kind: 'result'; result: Result }
  | { kind: 'error'; error: ErrorData };

/** How long an aborted cell may take to unwind before the kernel does it. */
const GRACE_SECONDS = 15;

const UNSHARE_FLAGS: Record<Namespace, string> = {
  mount: '--mount',
  pid: '--pid',
  net: '--net',
  uts: '--uts',
};

function cellArguments(entry: string, namespaces: readonly Namespace[]): string[] {
  return [
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...['unshare', ...namespaces.map((name) => UNSHARE_FLAGS[name])],
    ...['--fork', '--kill-child=KILL', '--propagation', 'private', '--mount-proc', '--'],
    ...[process.execPath, '--enable-source-maps', compiledPath(entry)],
  ];
}

/**
 * Runs a compiled module in a child with namespaces of its own.
 *
 * @throws {OnibError} `NOT_ROOT` (exit 3); through `result`: what the module threw, or `CELL_DIED`.
 */
export function startCell<Request, Event, Result>(
  options: CellOptions<Request, Event>,
): Cell<Result> {
  if (process.geteuid?.() !== 0) {
    throw new OnibError('NOT_ROOT', 'Cannot make namespaces and mounts: this user is not root', {
      hint: 'run the same command with sudo',
      exitCode: EXIT.hostLacks,
    });
  }
  const [file = '', ...args] = cellArguments(options.entry, options.namespaces);
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    detached: true,
  });
  const post = (message: ToChild<Request>): void => {
    // A child that has just ended cannot be told anything; its exit is reported through `result`.
    if (child.connected) child.send(message, () => undefined);
  };
  post({ kind: 'request', request: options.request });
  return {
    pid: child.pid ?? -1,
    result: watch<Event, Result>(child, options, () => {
      post({ kind: 'abort' });
    }),
    send: (message) => {
      post({ kind: 'message', message });
    },
  };
}

async function watch<Event, Result>(
  child: ChildProcess,
  options: Pick<CellOptions<unknown, Event>, 'onEvent' | 'signal' | 'entry'>,
  requestAbort: () => void,
): Promise<Result> {
  let outcome: { result: Result } | { error: Error } | undefined;
  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-8192);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.on('message', (raw) => {
    const message = raw as ToParent<Event, Result>;
    if (message.kind === 'event') options.onEvent?.(message.event);
    else if (message.kind === 'result') outcome = { result: message.result };
    else outcome = { error: errorFromData(message.error) };
  });
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    requestAbort();
    timer = setTimeout(() => child.kill('SIGKILL'), GRACE_SECONDS * 1000);
  };
  if (options.signal?.aborted === true) onAbort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const how = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve(signal ?? `exit code ${String(code)}`);
      });
    });
    options.signal?.throwIfAborted();
    if (outcome === undefined) throw cellDied(options.entry, how, output);
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function cellDied(entry: string, how: string, output: string): OnibError {
  return new OnibError('CELL_DIED', `Cannot finish "${entry}": its process ended by ${how}`, {
    details: lastLines(output),
    hint: 'a kernel that ran out of memory says so in dmesg; onib doctor checks this host',
  });
}

type CellHandler<Request, Event, Result> = (request: Request, io: CellIo<Event>) => Promise<Result>;

/** In the child's entry module: handles the one request, then ends the process. */
export function serveCell<Request, Event, Result>(
  handler: CellHandler<Request, Event, Result>,
): void {
  const controller = new AbortController();
  const listeners: ((message: unknown) => void)[] = [];
  const reply = (message: ToParent<Event, Result>, done: () => void = () => undefined): void => {
    if (process.connected) process.send?.(message, undefined, undefined, done);
    else done();
  };
  const io: CellIo<Event> = {
    emit: (event) => {
      reply({ kind: 'event', event });
    },
    signal: controller.signal,
    onMessage: (listener) => {
      listeners.push(listener);
    },
  };
  const end = (message: ToParent<Event, Result>): void => {
    reply(message, () => process.exit(0));
  };
  process.on('disconnect', () => {
    controller.abort();
    // Nobody is left to answer to; the kernel clears the namespaces.
    process.exit(1);
  });
  process.on('message', (raw) => {
    const message = raw as ToChild<Request>;
    if (message.kind === 'abort') controller.abort();
    else if (message.kind === 'message')
      for (const listener of listeners) listener(message.message);
    else {
      handler(message.request, io).then(
        (result) => {
          end({ kind: 'result', result });
        },
        (error: unknown) => {
          end({ kind: 'error', error: errorToData(error) });
        },
      );
    }
  });
}
