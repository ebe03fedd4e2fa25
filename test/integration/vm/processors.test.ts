/** What is said of a machine's processors, held against machines whose processors are in a known state. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { start, type RunningCommand } from '../../../src/host/command.js';
import { QEMU } from '../../../src/vm/firmware/qemu.js';
import { Qmp, QMP_HELLO } from '../../../src/vm/machine/qmp.js';
import { SocketPort } from '../../../src/vm/machine/socket-port.js';
import { watchProcessors } from '../../../src/vm/machine/watch-processors.js';
import { bootDisk, type PROGRAMS } from '../../support/boot-sector.js';
import { until } from '../../support/wait.js';

/** QEMU with two processors, no network, and a program on its disk. */
class SmallMachine implements AsyncDisposable {
  private constructor(
    readonly qmp: Qmp,
    private readonly qemu: RunningCommand,
    private readonly directory: string,
  ) {}

  static async powerOn(program: keyof typeof PROGRAMS): Promise<SmallMachine> {
    const directory = await mkdtemp(path.join(tmpdir(), 'onib-processors-'));
    const control = path.join(directory, 'control');
    const qmp = new Qmp((text) => port.write(Buffer.from(text)));
    let greeted = false;
    const receive = (bytes: Uint8Array): void => {
      greeted = true;
      qmp.receive(bytes);
    };
    const port = await SocketPort.listen(control, receive, QMP_HELLO);
    const disk = path.join(directory, 'disk');
    await writeFile(disk, bootDisk(program));
    const qemu = start([
      ...[QEMU.program, '-accel', 'tcg,thread=multi', '-machine', 'q35,graphics=off'],
      ...['-m', '64M', '-smp', '2', '-nodefaults', '-no-user-config', '-display', 'none'],
      ...['-chardev', `socket,id=control,path=${control}`, '-mon', 'chardev=control,mode=control'],
      ...['-drive', `if=virtio,format=raw,file=${disk}`],
    ]);
    qemu.result.catch(() => undefined);
    await until('QEMU', () => greeted || undefined);
    return new SmallMachine(qmp, qemu, directory);
  }

  /** Waits until processor 0 shows something in a dump. */
  async shows(what: string, pattern: RegExp): Promise<void> {
    const words = { 'command-line': 'info registers' };
    await until(what, async () => {
      const dump = String(await this.qmp.execute('human-monitor-command', words));
      return pattern.test(dump) || undefined;
    });
  }

  /** Waits until the program runs, which the BIOS puts at 0x7c00. */
  async started(): Promise<void> {
    await this.shows('the program', /EIP=00007c/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.qemu.stop();
    await rm(this.directory, { recursive: true });
  }
}

describe('watchProcessors()', () => {
  it('watchProcessors() tells processors that stand still', async () => {
    await using machine = await SmallMachine.powerOn('halted');
    await machine.started();
    const report = await watchProcessors(machine.qmp);
    expect(report).toMatchObject({ activity: 'still' });
    expect(report.summary).toBe(
      'its processors stood still: all are halted, and none executed anything',
    );
    expect(report.lines).toHaveLength(2);
    expect(report.lines[0]).toMatch(/^processor 0: halted at 00007c02, interrupts disabled; /);
    expect(report.lostInterrupt).toBeUndefined();
  });

  it('watchProcessors() tells a processor that is busy', async () => {
    await using machine = await SmallMachine.powerOn('busy');
    await machine.started();
    const report = await watchProcessors(machine.qmp);
    expect(report).toMatchObject({ activity: 'busy', summary: 'its processors were busy' });
    expect(report.lines[0]).toMatch(/^processor 0: running at 00007c00; /);
  });

  it('watchProcessors() tells processors that wait, and wake up for a timer', async () => {
    await using machine = await SmallMachine.powerOn('ticking');
    await machine.started();
    await machine.shows('its halt', / HLT=1/);
    const report = await watchProcessors(machine.qmp);
    expect(report.activity).toBe('idle');
    expect(report.lostInterrupt).toBeUndefined();
  });

  it('watchProcessors() sees an interrupt that waits, and that a running processor takes it', async () => {
    await using machine = await SmallMachine.powerOn('power button');
    await machine.started();
    await machine.shows('its halt', / HLT=1/);
    // Nothing but a stopped machine leaves an interrupt lying: it is not the emulator's fault here.
    await machine.qmp.execute('stop');
    await machine.qmp.execute('system_powerdown');
    const stopped = await watchProcessors(machine.qmp);
    expect(stopped.activity).toBe('not running');
    expect(stopped.summary).toBe('the emulator had stopped its processors (paused)');
    expect(stopped.lines[0]).toContain('interrupts enabled; local APIC enabled, waiting: 65;');
    expect(stopped.lostInterrupt).toBeUndefined();
    await machine.qmp.execute('cont');
    const running = await watchProcessors(machine.qmp);
    expect(running.lines[0]).toContain('interrupts enabled; local APIC enabled, waiting: none;');
    expect(running.activity).toBe('still');
    expect(running.lostInterrupt).toBeUndefined();
  });

  it('watchProcessors() tells an emulator that does not answer', async () => {
    const report = await watchProcessors(new Qmp(() => undefined));
    expect(report).toMatchObject({ activity: 'no answer', lines: [] });
  });
});
