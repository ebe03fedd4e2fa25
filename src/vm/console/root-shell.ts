/**
 * Runs commands in a booted node over its second serial port, where systemd's debug shell waits
 * (systemd-debug-generator(8): `systemd.debug_shell=ttyS1`, a root shell without a password).
 *
 * That shell is interactive: it echoes, edits lines and cuts them at 4096 bytes. So the first thing
 * typed replaces it with a loop that reads one command a line, base64, and frames what it prints.
 */
import { randomUUID } from 'node:crypto';
import { OnibError } from '../../core/errors.js';
import { lastLines } from '../../core/last-lines.js';

/** Kernel arguments that put a root shell on the second serial port. */
export const ROOT_SHELL_ARGUMENTS = ['systemd.debug_shell=ttyS1'] as const;

export interface CommandResult {
  readonly exitCode: number;
  /** What the command printed on both of its output streams. */
  readonly output: string;
}

const READY = 'onib-shell-ready';

/** Where the node keeps the output of a command while it runs. */
const OUTPUT = '/run/onib-shell-output';

/**
 * What is typed to replace the interactive shell. Markers are joined by printf, so that the echo of
 * this very line does not look like an answer.
 */
export function agentLine(): string {
  const loop =
    'stty raw -echo; printf "%s-%s\\n" onib-shell ready; ' +
    'while IFS=" " read -r mark command; do printf "%s<\\n" "$mark"; ' +
    // Through a file: on a terminal ip and systemctl write colours.
    `sh -c "$(printf %s "$command" | base64 -d)" </dev/null >${OUTPUT} 2>&1; status=$?; ` +
    `cat ${OUTPUT}; printf "\\n%s>%s\\n" "$mark" "$status"; done`;
  return ` exec sh -c '${loop}'\n`;
}

/** One command as the loop reads it. `mark` is a word that the command's output does not hold. */
export function commandLine(mark: string, command: string): string {
  return `${mark} ${Buffer.from(command, 'utf8').toString('base64')}\n`;
}

/** The answer to the command that was sent with `mark`, once all of it has come. */
export function parseAnswer(received: string, mark: string): CommandResult | undefined {
  const begin = received.indexOf(`${mark}<\n`);
  if (begin === -1) return undefined;
  const body = received.slice(begin + mark.length + 2);
  const end = new RegExp(`\\n${mark}>(\\d+)\\n`).exec(body);
  if (end === null) return undefined;
  return { output: body.slice(0, end.index), exitCode: Number(end[1]) };
}

/** Says whether the loop has answered to `agentLine`. */
export function isReady(received: string): boolean {
  return received.includes(`${READY}\n`);
}

/** Seconds between two attempts to reach a shell that may not have started yet. */
const KNOCK_SECONDS = 2;

/** Talks to the shell of one node: commands one after the other, each answered in full. */
export class RootShell {
  readonly #decoder = new TextDecoder();
  #received = '';
  #changed: () => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;
  #opened = false;

  /**
   * @param write Types bytes on the node's second serial port.
   * @param signal Aborts, with the reason, when the node is gone.
   */
  constructor(
    private readonly write: (bytes: Uint8Array) => void,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.#changed(), { once: true });
  }

  /** Bytes that the port printed. */
  receive(bytes: Uint8Array): void {
    this.#received += this.#decoder.decode(bytes, { stream: true });
    this.#changed();
  }

  /**
   * Runs a command line with `sh -c`, as root, without input.
   *
   * @throws {OnibError} `SHELL_SILENT` when no answer comes in time; what `signal` says when the node ends.
   */
  async run(command: string, timeoutSeconds = 120): Promise<CommandResult> {
    const turn = this.#last.then(() => this.#run(command, timeoutSeconds));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async #run(command: string, timeoutSeconds: number): Promise<CommandResult> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    while (!this.#opened) {
      this.#type(agentLine());
      const patience = Math.min(deadline, Date.now() + KNOCK_SECONDS * 1000);
      this.#opened = await this.#until(() => isReady(this.#received) || undefined, patience).then(
        (ready) => ready === true,
      );
      if (!this.#opened && Date.now() >= deadline) throw this.#silent(command);
    }
    this.#count += 1;
    const mark = `onib-${String(this.#count)}-${randomUUID()}`;
    this.#received = '';
    this.#type(commandLine(mark, command));
    const answer = await this.#until(() => parseAnswer(this.#received, mark), deadline);
    if (answer === undefined) throw this.#silent(command);
    return answer;
  }

  #type(text: string): void {
    this.write(Buffer.from(text, 'utf8'));
  }

  /** Waits until `look` finds something in what was received; undefined when the time is up first. */
  async #until<Found>(look: () => Found | undefined, deadline: number): Promise<Found | undefined> {
    for (;;) {
      this.signal.throwIfAborted();
      const found = look();
      const rest = deadline - Date.now();
      if (found !== undefined || rest <= 0) return found;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, rest);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #silent(command: string): OnibError {
    return new OnibError(
      'SHELL_SILENT',
      `Cannot run "${command}" in the node: its root shell does not answer`,
      { details: lastLines(this.#received), hint: 'look at the console: has the node booted?' },
    );
  }
}
