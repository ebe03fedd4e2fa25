/**
 * What `onib boot` shows: the node's console as it comes, the stages between, a table at the end.
 * On a terminal the console is passed on with its colours; elsewhere it is plain lines with seconds.
 */
import type { BootServerEvent } from '../../../boot-server/index.js';
import { ConsoleLines, TerminalFilter } from '../../vm/console/console-text.js';
import type { NodeEnd } from '../../vm/messages.js';
import type { VirtualNode } from '../../vm/node.js';
import { stageName, timeline, type StageMark } from '../../vm/timeline.js';
import type { PortName } from '../../vm/machine/machine.js';
import { formatBytes, formatSeconds, formatTable } from './format.js';
import type { Output } from './output.js';
import { serveLine } from './serve-lines.js';

const ENDINGS: Readonly<Record<NodeEnd['reason'], string>> = {
  poweroff: 'the node switched itself off',
  reset: 'the node reset itself',
  crash: "the node's kernel crashed",
  stopped: 'the node was stopped',
};

export class BootView {
  /** True: the terminal shows the root shell as it is, and the console no more. */
  inShell = false;
  readonly #output: Output;
  readonly #terminal: boolean;
  readonly #filter = new TerminalFilter();
  readonly #lines = new ConsoleLines();

  /** @param terminal Standard output is a terminal. */
  constructor(output: Output, terminal: boolean) {
    this.#output = output;
    this.#terminal = terminal;
  }

  readonly onOutput = (port: PortName, bytes: Uint8Array, seconds: number): void => {
    if (this.#output.quiet) return;
    if (this.inShell) {
      if (port === 'shell') this.#output.raw(bytes);
    } else if (port === 'console') this.#showConsole(bytes, seconds);
  };

  readonly onStage = (mark: StageMark): void => {
    this.#output.object({ schema: 'onib.boot-stage/1', ...mark });
    const detail = mark.detail === undefined ? '' : `: ${mark.detail}`;
    const figures = `${formatSeconds(mark.seconds)}, ${formatBytes(mark.bytes)}`;
    this.#note(`── ${stageName(mark)} (${figures})${detail}`);
  };

  readonly onServerEvent = (event: BootServerEvent): void => {
    if (event.type === 'warning') this.#note(serveLine(event, true) ?? '');
    else if (this.#output.verbose && event.type !== 'node-stage') {
      const line = serveLine(event, true);
      if (line !== undefined) this.#note(`boot server: ${line}`);
    }
  };

  readonly onLocalServer = (line: string): void => {
    if (this.#output.verbose) this.#note(`network: ${line}`);
  };

  /** The table of stages, and how it ended. */
  showSummary(node: Pick<VirtualNode, 'stages'>): void {
    const rows = timeline(node.stages);
    if (rows.length === 0) return;
    const cells = rows.map((row) => [
      row.stage,
      formatSeconds(row.at),
      formatSeconds(row.seconds),
      formatBytes(row.bytes),
    ]);
    const head = ['stage', 'since power-on', 'took', 'received'];
    const table = formatTable([head, ...cells], ['left', 'right', 'right', 'right']);
    this.#output.result(`\n${table.join('\n')}`);
  }

  showEnd(end: NodeEnd): void {
    if (end.reason !== 'stopped') this.#note(ENDINGS[end.reason]);
  }

  /** @param seconds since power-on */
  #showConsole(bytes: Uint8Array, seconds: number): void {
    if (this.#terminal && !this.#output.json) {
      this.#output.raw(this.#filter.push(bytes));
      return;
    }
    for (const line of this.#lines.push(bytes)) {
      this.#output.object({ schema: 'onib.boot-console/1', seconds, line });
      this.#output.raw(`[${seconds.toFixed(1).padStart(6)}] ${line}\n`);
    }
  }

  #note(text: string): void {
    // A console line may be half written, with the cursor at its end.
    const prefix = this.#terminal && !this.inShell ? '\r\n' : '';
    this.#output.note(`${prefix}${this.#output.style(text, 'cyan')}`);
  }
}
