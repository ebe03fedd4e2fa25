/**
 * QMP, QEMU's control protocol: one JSON object a line, in both directions.
 * https://www.qemu.org/docs/master/interop/qmp-spec.html
 */

/** Why a machine stopped: the node switched itself off, reset itself, crashed, or we ended it. */
export type StopReason = 'poweroff' | 'reset' | 'crash' | 'stopped';

const REASONS: Readonly<Record<string, StopReason>> = {
  'guest-shutdown': 'poweroff',
  'guest-reset': 'reset',
  'guest-panic': 'crash',
};

/** What has to be said first: QEMU sends events and takes commands only after its greeting has been answered. */
export const QMP_HELLO = `${JSON.stringify({ execute: 'qmp_capabilities' })}\n`;

/** Ends the machine as soon as all of it has been built. */
export const QMP_QUIT = `${JSON.stringify({ execute: 'quit' })}\n`;

/** An event, or the answer to the command of the same `id`. */
interface QmpMessage {
  readonly event?: unknown;
  readonly data?: { readonly reason?: unknown };
  readonly id?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly desc?: unknown };
}

/** The reason that a SHUTDOWN event gives; undefined for every other message. */
export function stopReason(message: QmpMessage): StopReason | undefined {
  if (message.event !== 'SHUTDOWN') return undefined;
  return REASONS[String(message.data?.reason)] ?? 'stopped';
}

/** One end of a QMP connection, whose bytes somebody else carries. */
export class Qmp {
  /** Why the machine stopped; undefined while QEMU has not said so. */
  stopReason: StopReason | undefined;
  readonly #send: (text: string) => void;
  readonly #decoder = new TextDecoder();
  readonly #waiting = new Map<number, Waiting>();
  #rest = '';
  #last = 0;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** Takes what QEMU says, in pieces of any size. */
  receive(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#take(JSON.parse(line) as QmpMessage);
  }

  /**
   * Lets QEMU execute a command.
   *
   * @returns What it returns; it stays open when QEMU does not answer.
   * @throws {Error} QEMU's own words.
   */
  async execute(command: string, words: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = (this.#last += 1);
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send(`${JSON.stringify({ execute: command, arguments: words, id })}\n`);
    });
  }

  #take(message: QmpMessage): void {
    this.stopReason ??= stopReason(message);
    const waiting = this.#waiting.get(Number(message.id));
    if (waiting === undefined) return;
    this.#waiting.delete(Number(message.id));
    if (message.error === undefined) waiting.resolve(message.return);
    else waiting.reject(new Error(`QEMU: ${String(message.error.desc)}`));
  }
}

/** Who sent a command that has no answer yet. */
interface Waiting {
  readonly resolve: (returned: unknown) => void;
  readonly reject: (error: Error) => void;
}
