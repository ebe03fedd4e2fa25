/** One running QEMU: its process, its serial ports, and why it ended. */
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { start, type RunningCommand } from '../../host/command.js';
import { QEMU } from '../firmware/qemu.js';
import { qemuArguments, type Hardware } from './hardware.js';
import { QMP_HELLO, QMP_QUIT, stopReason, type StopReason } from './qmp.js';
import { SocketPort } from './socket-port.js';

/** The first serial port is the console, the second one a root shell. */
export type PortName = 'console' | 'shell';

export interface MachineOptions {
  readonly hardware: Omit<Hardware, 'sockets' | 'variables' | 'paused'>;
  /** A second serial port for a root shell. */
  readonly shell: boolean;
  /** Builds the machine and ends at once, before any of its code has run. */
  readonly trial?: boolean;
  /** Absolute path of a directory for sockets and the variable store. */
  readonly directory: string;
  readonly onOutput: (port: PortName, bytes: Uint8Array) => void;
}

export class Machine {
  /** Why it ended; rejects with `COMMAND_FAILED` or `COMMAND_MISSING` when QEMU could not run it. */
  readonly ended: Promise<StopReason>;

  private constructor(
    private readonly process: RunningCommand,
    private readonly serial: ReadonlyMap<PortName, SocketPort>,
    control: { readonly port: SocketPort; readonly reason: () => StopReason | undefined },
  ) {
    this.ended = this.#watch([control.port, ...serial.values()], control.reason);
  }

  /** Powers the machine on. */
  static async powerOn(options: MachineOptions): Promise<Machine> {
    const file = (name: string): string => path.join(options.directory, name);
    const { firmware } = options.hardware;
    if (firmware.kind === 'uefi') await copyFile(firmware.variables.path, file('variables.fd'));
    let reason: StopReason | undefined;
    const lines = lineSplitter((line) => {
      reason ??= stopReason(line);
    });
    const trial = options.trial ?? false;
    const hello = trial ? QMP_HELLO + QMP_QUIT : QMP_HELLO;
    const control = await SocketPort.listen(file('control'), lines, hello);
    const serial = new Map<PortName, SocketPort>();
    for (const name of options.shell ? (['console', 'shell'] as const) : (['console'] as const)) {
      const forward = (bytes: Uint8Array): void => options.onOutput(name, bytes);
      serial.set(name, await SocketPort.listen(file(name), forward));
    }
    const hardware: Hardware = {
      ...options.hardware,
      variables: file('variables.fd'),
      paused: trial,
      sockets: {
        control: file('control'),
        console: file('console'),
        ...(options.shell ? { shell: file('shell') } : {}),
      },
    };
    const argv = [QEMU.program, ...qemuArguments(hardware)];
    const process = start(argv, { debianPackage: QEMU.debianPackage });
    return new Machine(process, serial, { port: control, reason: () => reason });
  }

  /** Types bytes on one of the node's serial ports. */
  write(port: PortName, bytes: Uint8Array): void {
    this.serial.get(port)?.write(bytes);
  }

  /** Pulls the plug; resolves when QEMU is gone. */
  async stop(): Promise<void> {
    await this.process.stop();
  }

  async #watch(
    ports: readonly SocketPort[],
    reason: () => StopReason | undefined,
  ): Promise<StopReason> {
    try {
      await this.process.result;
      // QEMU's last words may still be on their way when its exit is known.
      await Promise.all(ports.map(async (port) => await port.closed));
      return reason() ?? 'stopped';
    } finally {
      for (const port of ports) port.close();
    }
  }
}

function lineSplitter(onLine: (line: string) => void): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  };
}
