/** The far end of a push: a directory of this machine, or one of a host that ssh reaches. Commands run there in sh. */
import type { OnibError } from '../../core/errors.js';
import { run } from '../../host/run.js';
import { destinationText, type Destination } from './destination.js';
import { explainFailure } from './failures.js';
import { receivingRsync } from './far-scripts.js';

/** Without a terminal to ask on: what ssh would ask is an error, with the command that answers it. */
const SSH_OPTIONS = [
  '-o',
  'BatchMode=yes',
  '-o',
  'ConnectTimeout=15',
  '-o',
  'ServerAliveInterval=15',
];
/** rsync ends with onib, also when that is killed: the next push must not wait for what is left of this one. */
const WITH_US = ['setpriv', '--pdeathsig', 'TERM', '--'];

export interface Answer {
  readonly lines: readonly string[];
  readonly stderr: string;
}

export class FarEnd {
  readonly destination: Destination;
  readonly #ssh: string;
  readonly #signal: AbortSignal;

  /** @param ssh command line that reaches the host: `ssh -p 2222` */
  constructor(destination: Destination, ssh: string, signal: AbortSignal) {
    this.destination = destination;
    this.#ssh = ssh;
    this.#signal = signal;
  }

  get name(): string {
    return destinationText(this.destination);
  }

  /** @param said what the failing program wrote to standard error */
  explain(said: string): OnibError {
    return explainFailure(this.destination, said, this.#ssh);
  }

  /** What a script says in lines that begin with `onib `, without that word. */
  async ask(script: string): Promise<Answer> {
    const { host } = this.destination;
    const argv =
      host === undefined
        ? ['sh', '-s']
        : ['sh', '-c', `exec ${this.#ssh} "$@"`, 'ssh', ...SSH_OPTIONS, '--', host, 'exec sh -s'];
    const { stdout, stderr, exitCode } = await run(argv, {
      input: script,
      check: false,
      signal: this.#signal,
      env: { LC_ALL: 'C.UTF-8' },
    });
    if (host !== undefined && exitCode >= 126) throw this.explain(stderr || stdout);
    const lines = stdout.split('\n').filter((line) => line.startsWith('onib '));
    return { lines: lines.map((line) => line.slice('onib '.length)), stderr };
  }

  /**
   * Copies files there.
   *
   * @param source directory of this machine
   * @param below path from the store's directory there; both are directories
   * @param files names in `source`; absent: all
   */
  async copy(
    source: string,
    below: string,
    options: readonly string[],
    files?: readonly string[],
  ): Promise<void> {
    const { rsyncHost, directory } = this.destination;
    const to = `${directory}/${below}/`;
    const shared = [
      '--secluded-args',
      '--times',
      ...options,
      ...(files === undefined ? [] : ['--files-from=-']),
    ];
    const receiver = receivingRsync(directory);
    const argv =
      rsyncHost === undefined
        ? ['sh', '-c', `exec ${receiver} "$@"`, 'sh', ...shared, '--', `${source}/`, to]
        : [
            ...['rsync', ...shared, `--rsh=${this.#ssh} ${SSH_OPTIONS.join(' ')}`],
            ...[`--rsync-path=${receiver}`, '--', `${source}/`, `${rsyncHost}:${to}`],
          ];
    const { stderr, exitCode } = await run([...WITH_US, ...argv], {
      input: (files ?? []).map((name) => `${name}\n`).join(''),
      check: false,
      signal: this.#signal,
      env: { LC_ALL: 'C.UTF-8' },
      debianPackage: 'util-linux',
    });
    if (exitCode !== 0) throw this.explain(stderr);
  }
}
