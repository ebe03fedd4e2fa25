/**
 * The only way to the terminal. What was asked for goes to standard output; what happens meanwhile
 * goes to standard error on a terminal and in plain mode, so that `onib plan | less` shows the plan.
 */
import type { Writable } from 'node:stream';

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Streams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

export interface OutputSettings {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** `NO_COLOR` is set. */
  readonly noColor?: boolean;
}

/** Digits below a millisecond say nothing. */
function roundSeconds(key: string, value: unknown): unknown {
  const isTime = key === 'seconds' || key === 'time';
  return isTime && typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}

const ESCAPE = '\u001b[';
const STYLES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;

export type Style = keyof typeof STYLES;

/** What is drawn again and again below the lines that stay: it makes room for each of them. */
export interface LiveArea {
  hide(): void;
  show(): void;
}

export class Output {
  readonly #streams: Streams;
  #below: LiveArea | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #noColor: boolean;

  constructor(streams: Streams, settings: OutputSettings = {}) {
    this.#streams = streams;
    this.json = settings.json ?? false;
    this.quiet = settings.quiet ?? false;
    this.verbose = settings.verbose ?? false;
    this.#noColor = settings.noColor ?? false;
  }

  /** True when progress may be drawn: a terminal, and neither `--json` nor `--quiet`. */
  get live(): boolean {
    return this.#streams.stderr.isTTY === true && !this.json && !this.quiet;
  }

  /** Columns of the terminal; 80 where there is none. */
  get columns(): number {
    // A terminal that nobody gave a size has 0.
    const { columns = 0 } = this.#streams.stderr;
    return columns === 0 ? 80 : columns;
  }

  /** What the user asked for: shown whatever `--quiet` says. Not for `--json`: see `object`. */
  result(text: string): void {
    if (!this.json) this.#print(this.#streams.stdout, `${text}\n`);
  }

  /** One JSON object on one line, when `--json` was given. */
  object(value: { readonly schema: string } & Readonly<Record<string, unknown>>): void {
    if (this.json) this.#streams.stdout.write(`${JSON.stringify(value, roundSeconds)}\n`);
  }

  /** Something on the way: dropped by `--quiet` and `--json`. */
  note(text: string): void {
    if (!this.quiet && !this.json) this.#print(this.#streams.stderr, `${text}\n`);
  }

  /** Like `note`, with the time in front where no terminal shows the order of things. */
  event(text: string): void {
    this.note(this.live ? text : `${new Date().toISOString().slice(0, 19)}Z ${text}`);
  }

  /** Errors and warnings: shown always. */
  problem(text: string): void {
    this.#print(this.#streams.stderr, `${text}\n`);
  }

  /** Bytes as they are, e.g. a node's console; dropped by `--json`. */
  raw(bytes: string | Uint8Array): void {
    if (!this.json) this.#print(this.#streams.stdout, bytes);
  }

  /** Keeps an area below everything that is written from now on; undefined ends that. */
  keepBelow(area: LiveArea | undefined): void {
    this.#below = area;
  }

  #print(stream: TerminalStream, text: string | Uint8Array): void {
    this.#below?.hide();
    stream.write(text);
    this.#below?.show();
  }

  /** Control sequences for a live view. */
  control(sequence: string): void {
    if (this.live) this.#streams.stderr.write(sequence);
  }

  style(text: string, ...styles: readonly Style[]): string {
    if (this.#noColor || this.json || this.#streams.stderr.isTTY !== true) return text;
    if (this.#streams.stdout.isTTY !== true) return text;
    const codes = styles.map((style) => STYLES[style]).join(';');
    return `${ESCAPE}${codes}m${text}${ESCAPE}0m`;
  }
}
