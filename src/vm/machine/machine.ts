/** One running QEMU: its process, its serial ports, and why it ended. */
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { start, type RunningCommand } from '../../host/command.js';
import { QEMU } from '../firmware/qemu.js';
import { qemuArguments, type Hardware } from './hardware.js';
import { watchProcessors } from './watch-processors.js';
import type { ProcessorReport } from '../processors/activity.js';
import { Qmp, QMP_HELLO, QMP_QUIT, type StopReason } from './qmp.js';
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
    private readonly qmp: Qmp,
    control: SocketPort,
  ) {
    this.ended = this.#end([control, ...serial.values()]);
  }

  /** Powers the machine on. */
  static async powerOn(options: MachineOptions): Promise<Machine> {
    const file = (name: string): string => path.join(options.directory, name);
    const { firmware } = options.hardware;
    if (firmware.kind === 'uefi') await copyFile(firmware.variables.path, file('variables.fd'));
    const qmp = new Qmp((text) => control.write(Buffer.from(text)));
    const trial = options.trial ?? false;
    const hello = trial ? QMP_HELLO + QMP_QUIT : QMP_HELLO;
    const control = await SocketPort.listen(file('control'), (bytes) => qmp.receive(bytes), hello);
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
    return new Machine(process, serial, qmp, control);
  }

  /** Types bytes on one of the node's serial ports. */
  write(port: PortName, bytes: Uint8Array): void {
    this.serial.get(port)?.write(bytes);
  }

  /** What its processors do now: takes some seconds. */
  async watchProcessors(): Promise<ProcessorReport> {
    return await watchProcessors(this.qmp);
  }

  /** Pulls the plug; resolves when QEMU is gone. */
  async stop(): Promise<void> {
    await this.process.stop();
  }

  async #end(ports: readonly SocketPort[]): Promise<StopReason> {
    try {
      await this.process.result;
      // QEMU's last words may still be on their way when its exit is known.
      await Promise.all(ports.map(async (port) => await port.closed));
      return this.qmp.stopReason ?? 'stopped';
    } finally {
      for (const port of ports) port.close();
    }
  }
}
