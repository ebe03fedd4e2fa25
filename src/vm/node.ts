/**
 * A virtual node: a machine that PXE-boots for real from a store's current release, on a network of
 * its own, inside a cell that takes everything away with it when it ends.
 */
import { randomUUID } from 'node:crypto';
import type { BootServerEvent } from '../../boot-server/index.js';
import { OnibError } from '../core/errors.js';
import { startCell, type Cell } from '../host/cell.js';
import { ConsoleLines } from './console/console-text.js';
import { findFirmware } from './firmware/find-firmware.js';
import type { Firmware, FoundFirmware } from './firmware/firmware.js';
import { EMULATION_ARGUMENTS } from './machine/hardware.js';
import type { PortName } from './machine/machine.js';
import type { NodeCommand, NodeEnd, NodeEvent, NodeRequest } from './messages.js';
import type { DhcpMode } from './network/network.js';
import { NODE_DEFAULTS } from './node-defaults.js';
import type { ProcessorReport } from './processors/activity.js';
import { ROOT_SHELL_ARGUMENTS, RootShell } from './console/root-shell.js';
import { stageMark, stageName, type StageMark } from './timeline.js';

export interface NodeOptions {
  /** Absolute path of a store with a current release. */
  readonly store: string;
  /** Boot profile; without it the release chooses by the node's MAC address. */
  readonly profile?: string;
  readonly firmware: Firmware;
  /** Default: `full`, the boot server hands out addresses. */
  readonly dhcp?: DhcpMode;
  /** As QEMU takes it; default: `NODE_DEFAULTS`. */
  readonly memory?: string;
  /** Default: `NODE_DEFAULTS`. */
  readonly cpus?: number;
  readonly mac?: string;
  /** Kernel arguments after the profile's own. */
  readonly extraArguments?: readonly string[];
  /** A root shell on the node's second serial port. */
  readonly shell?: boolean;
  /** `seconds`: since power-on. */
  readonly onOutput?: (port: PortName, bytes: Uint8Array, seconds: number) => void;
  readonly onStage?: (mark: StageMark) => void;
  readonly onServerEvent?: (event: BootServerEvent) => void;
  /** Lines of the network's own server. */
  readonly onLocalServer?: (line: string) => void;
  /** Ends the node at once. */
  readonly signal?: AbortSignal;
}

const CONSOLE_ARGUMENTS = ['console=ttyS0,115200'];
/** Lines of the console in an error. */
const CONSOLE_TAIL = 20;
/** Lines of the console that are kept. */
const CONSOLE_KEPT = 10_000;

export class VirtualNode implements AsyncDisposable {
  readonly stages: StageMark[] = [];
  /** Commands as root inside the node; only with option `shell`. */
  readonly shell: RootShell;
  /** Settles when the machine and its whole network are gone. */
  readonly ended: Promise<NodeEnd>;
  readonly #gone = new AbortController();
  readonly #options: NodeOptions;
  readonly #cell: Cell<NodeEnd>;
  readonly #console = new ConsoleLines();
  readonly #reports: ProcessorReport[] = [];
  #lines: string[] = [];
  /** Milliseconds since the epoch. */
  #poweredOn = Date.now();
  #waiting: (() => void)[] = [];

  /**
   * Powers a node on.
   *
   * @throws {OnibError} `NOT_ROOT`, `FIRMWARE_MISSING`, `COMMAND_MISSING` (exit 3).
   */
  static async powerOn(options: NodeOptions): Promise<VirtualNode> {
    return new VirtualNode(options, await findFirmware(options.firmware));
  }

  private constructor(options: NodeOptions, firmware: FoundFirmware) {
    this.#options = options;
    this.#cell = startCell<NodeRequest, NodeEvent, NodeEnd>({
      entry: 'src/vm/node-main.js',
      request: requestFor(options, firmware),
      namespaces: ['mount', 'pid', 'net'],
      onEvent: (event) => this.#take(event),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    this.ended = this.#cell.result;
    this.ended.then(
      (end) => this.#gone.abort(endedEarly(end)),
      (error: unknown) => this.#gone.abort(error),
    );
    this.#gone.signal.addEventListener('abort', () => this.#wake(), { once: true });
    this.shell = new RootShell((bytes) => this.type('shell', bytes), this.#gone.signal);
  }

  /** The console's lines so far, plain text without empty ones; the last 10 000. */
  get consoleLines(): readonly string[] {
    return this.#lines;
  }

  /** What its processors did when it was not somewhere in time; undefined before. */
  get processors(): ProcessorReport | undefined {
    return this.#reports.at(-1);
  }

  /** Types bytes on one of the node's serial ports. */
  type(port: PortName, bytes: Uint8Array): void {
    this.#tell({ kind: 'type', port, bytes });
  }

  /**
   * Waits until the node has reported a stage.
   *
   * @throws {OnibError} `BOOT_TIMEOUT`; `NODE_ENDED` when it ends before; what the cell met.
   */
  async reached(stage: string, timeoutSeconds: number): Promise<StageMark> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    for (;;) {
      const mark = this.stages.find((candidate) => candidate.stage === stage);
      if (mark !== undefined) return mark;
      if (this.#gone.signal.aborted) throw this.#withConsole(this.#gone.signal.reason);
      const rest = deadline - Date.now();
      if (rest <= 0) throw await this.#late(stage, timeoutSeconds);
      await this.#somethingHappened(rest);
    }
  }

  /** Pulls the plug; resolves when nothing of the node is left. */
  async stop(): Promise<NodeEnd> {
    this.#tell({ kind: 'stop' });
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tell({ kind: 'stop' });
    // What it ended with is for those who asked: here it only has to be gone.
    await this.ended.catch(() => undefined);
  }

  #tell(command: NodeCommand): void {
    this.#cell.send(command);
  }

  #take(event: NodeEvent): void {
    switch (event.kind) {
      case 'output':
        if (event.port === 'shell') this.shell.receive(event.bytes);
        else this.#keep(this.#console.push(event.bytes));
        this.#options.onOutput?.(event.port, event.bytes, (Date.now() - this.#poweredOn) / 1000);
        break;
      case 'power-on':
        this.#poweredOn = event.at;
        break;
      case 'server':
        this.#follow(event.event);
        break;
      case 'local-server':
        this.#options.onLocalServer?.(event.line);
        break;
      case 'processors':
        this.#reports.push(event.report);
        this.#wake();
        break;
    }
  }

  #keep(lines: readonly string[]): void {
    this.#lines.push(...lines);
    if (this.#lines.length > CONSOLE_KEPT) this.#lines = this.#lines.slice(-CONSOLE_KEPT);
  }

  #follow(event: BootServerEvent): void {
    this.#options.onServerEvent?.(event);
    if (event.type !== 'node-stage') return;
    const mark = stageMark(event.entry, this.#poweredOn);
    this.stages.push(mark);
    this.#options.onStage?.(mark);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  async #somethingHappened(withinMilliseconds?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer =
        withinMilliseconds === undefined ? undefined : setTimeout(resolve, withinMilliseconds);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Asks what the processors do; undefined when the node ends meanwhile. */
  async #watchProcessors(): Promise<ProcessorReport | undefined> {
    const seen = this.#reports.length;
    this.#tell({ kind: 'processors' });
    while (this.#reports.length === seen && !this.#gone.signal.aborted) {
      await this.#somethingHappened();
    }
    return this.#reports[seen];
  }

  async #late(stage: string, seconds: number): Promise<OnibError> {
    const last = this.stages.at(-1);
    const how =
      last === undefined ? 'it asked for nothing' : `its last report was "${stageName(last)}"`;
    const processors = await this.#watchProcessors();
    const activity = processors === undefined ? '' : `; ${processors.summary}`;
    return new OnibError(
      'BOOT_TIMEOUT',
      `Cannot boot the node to "${stage}": not there after ${seconds} s, ${how}${activity}`,
      {
        details: [...this.#lines.slice(-CONSOLE_TAIL), ...(processors?.lines ?? [])],
        hint: '--timeout gives it more time; docs/boot-errors.md',
      },
    );
  }

  #withConsole(error: unknown): unknown {
    if (!(error instanceof OnibError) || error.code !== 'NODE_ENDED') return error;
    return new OnibError(error.code, error.message, { details: this.#lines.slice(-CONSOLE_TAIL) });
  }
}

function requestFor(options: NodeOptions, firmware: FoundFirmware): NodeRequest {
  const shell = options.shell ?? false;
  return {
    store: options.store,
    profile: options.profile,
    firmware,
    dhcp: options.dhcp ?? 'full',
    memory: options.memory ?? NODE_DEFAULTS.memory,
    cpus: options.cpus ?? NODE_DEFAULTS.cpus,
    mac: options.mac ?? NODE_DEFAULTS.mac,
    uuid: randomUUID(),
    extraArguments: [
      ...EMULATION_ARGUMENTS,
      ...CONSOLE_ARGUMENTS,
      ...(shell ? ROOT_SHELL_ARGUMENTS : []),
      ...(options.extraArguments ?? []),
    ],
    shell,
  };
}

const ENDINGS: Readonly<Record<NodeEnd['reason'], string>> = {
  poweroff: 'it switched itself off',
  reset: 'it reset itself',
  crash: 'its kernel crashed',
  stopped: 'it was stopped',
};

function endedEarly(end: NodeEnd): OnibError {
  return new OnibError('NODE_ENDED', `Cannot go on with the node: ${ENDINGS[end.reason]}`);
}
