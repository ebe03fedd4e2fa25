/**
 * The fixtures are what QEMU 7.2 printed of machines with two processors: Debian's kernel while it boots, and twice while
 * it waits; `cli; hlt`; and `sti; hlt` in a stopped machine whose power button was pressed.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packagePath } from '../../../src/core/package.js';
import { reportOn, type MachineReading } from '../../../src/vm/processors/activity.js';
import {
  deliverable,
  readLocalApic,
  readRegisters,
  readSleeping,
  type ProcessorReading,
} from '../../../src/vm/processors/reading.js';

/** What a command of the monitor printed: `info registers -a`, `info lapic 1`. */
function printed(fixture: string, command: string): string {
  const text = readFileSync(packagePath('test/fixtures/processors', `${fixture}.txt`), 'utf8');
  const part = text.split('>>> ').find((one) => one.startsWith(`${command}\n`));
  if (part === undefined) throw new Error(`no ${command} in ${fixture}`);
  return part.slice(command.length + 1);
}

/** A reading of a machine that runs, and whose processors' threads wait. */
function machine(fixture: string, changes: Partial<ProcessorReading> = {}): MachineReading {
  const processors = readRegisters(printed(fixture, 'info registers -a')).map((one) => {
    const apic = readLocalApic(printed(fixture, `info lapic ${one.index}`));
    return { ...one, sleeping: true, ...(apic === undefined ? {} : { apic }), ...changes };
  });
  return { state: 'running', processors };
}

describe('readRegisters()', () => {
  it('readRegisters() reads a 64-bit dump of two processors', () => {
    const [first, second] = readRegisters(printed('linux-boots', 'info registers -a'));
    expect(first).toMatchObject({ index: 0, halted: true, interruptible: true });
    expect(second).toMatchObject({ index: 1, halted: false, address: '00007f4fc5d81124' });
  });

  it('readRegisters() reads a 16-bit dump, and that interrupts are disabled', () => {
    const [first] = readRegisters(printed('halted', 'info registers -a'));
    expect(first).toMatchObject({ halted: true, interruptible: false, address: '00007c02' });
  });

  it('readRegisters() holds an interrupt off right after the instruction that enables them', () => {
    const dump = printed('interrupt-waits', 'info registers -a');
    expect(readRegisters(dump)[0]?.interruptible).toBe(true);
    expect(readRegisters(dump.replaceAll('II=0', 'II=1'))[0]?.interruptible).toBe(false);
  });

  it('readRegisters() leaves out what it does not understand', () => {
    expect(readRegisters('')).toEqual([]);
    expect(readRegisters('\nCPU#0\nPC=0 SP=0\n')).toEqual([]);
  });
});

describe('readLocalApic()', () => {
  it('readLocalApic() reads a timer that counts, and that nothing waits', () => {
    expect(readLocalApic(printed('linux-waits-1', 'info lapic 0'))).toEqual({
      enabled: true,
      pending: [],
      priority: 0x10,
      timer: 'one-shot, initial_count = 25716595 current_count = 21668548',
    });
  });

  it('readLocalApic() reads the interrupts that wait', () => {
    const text = printed('interrupt-waits', 'info lapic 0');
    expect(readLocalApic(text)).toMatchObject({ pending: [65], priority: 0 });
    expect(readLocalApic(text.replace('65(level) ', '49 65(level) 236 '))?.pending).toEqual([
      49, 65, 236,
    ]);
  });

  it('readLocalApic() reads that it is disabled, and a masked timer', () => {
    expect(readLocalApic(printed('halted', 'info lapic 1'))).toMatchObject({
      enabled: false,
      timer: 'masked one-shot, initial_count = 0 current_count = 0',
    });
  });

  it('readLocalApic() reads nothing where there is none', () => {
    expect(readLocalApic('Local APIC has been disabled\n')).toBeUndefined();
  });
});

describe('readSleeping()', () => {
  it.each([
    ['S (sleeping)', true],
    ['R (running)', false],
    ['t (tracing stop)', false],
    ['T (stopped)', false],
  ])('readSleeping() reads %s', (state, sleeping) => {
    expect(readSleeping(`Name:\tCPU 0/TCG\nUmask:\t0022\nState:\t${state}\n`)).toBe(sleeping);
  });
});

describe('deliverable()', () => {
  const apic = { enabled: true, timer: '' };

  it('deliverable() takes the highest vector', () => {
    expect(deliverable({ ...apic, pending: [49, 236, 65], priority: 0x10 })).toBe(236);
  });

  it('deliverable() holds back what is not above the priority’s class', () => {
    expect(deliverable({ ...apic, pending: [0x4f], priority: 0x41 })).toBeUndefined();
    expect(deliverable({ ...apic, pending: [0x50], priority: 0x41 })).toBe(0x50);
  });

  it('deliverable() gives nothing where nothing waits, or the APIC is disabled', () => {
    expect(deliverable({ ...apic, pending: [], priority: 0 })).toBeUndefined();
    expect(deliverable({ ...apic, enabled: false, pending: [65], priority: 0 })).toBeUndefined();
  });
});

describe('reportOn()', () => {
  it('reportOn() tells a processor that executes', () => {
    const report = reportOn([machine('linux-boots'), machine('linux-waits-1')]);
    expect(report).toMatchObject({ activity: 'busy', summary: 'its processors were busy' });
  });

  it('reportOn() tells processors that wait and wake', () => {
    const report = reportOn([machine('linux-waits-1'), machine('linux-waits-2')]);
    expect(report.activity).toBe('idle');
    expect(report.lines[1]).toBe(
      'processor 1: halted at ffffffff97f12a3f, interrupts enabled; local APIC enabled, waiting: none; timer: one-shot, initial_count = 54878273 current_count = 51392522',
    );
  });

  it('reportOn() tells processors that stand still, and has no excuse for that', () => {
    for (const fixture of ['halted', 'linux-waits-1']) {
      const report = reportOn([machine(fixture), machine(fixture)]);
      expect(report.activity).toBe('still');
      expect(report.lostInterrupt).toBeUndefined();
    }
  });

  it('reportOn() tells a machine that does not run', () => {
    const stopped = { ...machine('interrupt-waits'), state: 'paused' };
    const report = reportOn([stopped, stopped]);
    expect(report.summary).toBe('the emulator had stopped its processors (paused)');
    expect(report.lostInterrupt).toBeUndefined();
  });

  it('reportOn() knows nothing from nothing, or from one reading', () => {
    expect(reportOn([]).activity).toBe('unknown');
    expect(reportOn([machine('halted')]).activity).toBe('unknown');
    expect(reportOn([{ state: 'running', processors: [] }, machine('halted')]).activity).toBe(
      'still',
    );
  });

  it('reportOn() shows the emulator’s fault: an interrupt waits, and a processor sleeps on', () => {
    const report = reportOn([machine('interrupt-waits'), machine('interrupt-waits')]);
    expect(report.lostInterrupt).toBe(
      'processor 0 is halted with interrupts enabled, and interrupt 65 waits for it',
    );
  });

  it.each<[string, Partial<ProcessorReading>]>([
    ['its thread waits for the host', { sleeping: false }],
    ['interrupts are disabled', { interruptible: false }],
    ['it is not halted', { halted: false }],
  ])('reportOn() sees no fault where %s', (_, changes) => {
    const readings = [machine('interrupt-waits'), machine('interrupt-waits', changes)];
    expect(reportOn(readings).lostInterrupt).toBeUndefined();
    expect(reportOn(readings.reverse()).lostInterrupt).toBeUndefined();
  });

  it('reportOn() sees no fault where the interrupt was taken, or the processor went on', () => {
    const waits = machine('interrupt-waits');
    const later = machine('interrupt-waits', { registers: 'others' });
    expect(reportOn([waits, later]).lostInterrupt).toBeUndefined();
    const taken = waits.processors.map(({ apic, ...one }) => ({
      ...one,
      ...(apic === undefined ? {} : { apic: { ...apic, pending: [] } }),
    }));
    expect(
      reportOn([waits, { state: 'running', processors: taken }, waits]).lostInterrupt,
    ).toBeUndefined();
    expect(reportOn([waits]).lostInterrupt).toBeUndefined();
  });
});
