/**
 * The texts of int3 are from reports on public lists about Linux, the one of the timer is what Linux says in
 * arch/x86/kernel/apic/io_apic.c; the others are a boot of Debian's kernel here.
 */
import { describe, expect, it } from 'vitest';
import { OnibError } from '../../../src/core/errors.js';
import { bootsAgain, emulatorFault, type BootTraces } from '../../../src/vm/emulator-fault.js';
import type { ProcessorReport } from '../../../src/vm/processors/activity.js';

/** The breakpoint was taken away before the emulated processor ran it: `0f <1f>` is code again. */
const STRAY_INT3 = `
[   58.997439] Oops: int3: 0000 [#1] SMP PTI
[   58.998089] CPU: 0 UID: 0 PID: 323 Comm: sh Not tainted 6.15.0-next-20250605 #1 PREEMPT(voluntary)
[   58.998152] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.3-debian-1.16.3-2 04/01/2014
[   58.998260] RIP: 0010:_raw_spin_lock+0x5/0x50
[   58.998563] Code: 5d e9 ff 12 00 00 66 66 2e 0f 1f 84 00 00 00 00 00 0f 1f 40 00 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 f3 0f 1e fa 0f <1f> 44 00 00 55 48 89 e5 53 48 89 fb bf 01 00 00 00 e8 15 12 e4 fe
[   58.998610] RSP: 0018:ffff9494007bbe98 EFLAGS: 00000246`;

/** A jump into memory that holds breakpoints: no fault of an emulator's. */
const REAL_INT3 = `
[ 1185.755273] Oops: int3: 0000 [#1] SMP NOPTI
[ 1185.755278] CPU: 1 UID: 0 PID: 3131 Comm: stress-ng-epoll Tainted: G           OE       7.0.0-rc2+ #1 PREEMPT(lazy)
[ 1185.755281] RIP: 0010:0xffffffffc00ad8d5
[ 1185.755289] Code: cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc <cc> cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc
[ 1185.755378] Kernel panic - not syncing: Fatal exception in interrupt`;

const TIMER = `
..MP-BIOS bug: 8254 timer not connected to IO-APIC
Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.  Then try booting with the 'noapic' option.`;

/** A kernel without an initrd. */
const NO_INIT = String.raw`
[    3.131520]  fuseblk
[    3.131539] 
[    3.131697] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
[    3.132096] CPU: 0 UID: 0 PID: 1 Comm: swapper/0 Not tainted 6.12.117+deb13-cloud-amd64 #1  Debian 6.12.117-1
[    3.132266] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
[    3.132431] Call Trace:
[    3.161899]  <TASK>
[    3.162415]  dump_stack_lvl+0x5d/0x80
[    3.162699]  panic+0x118/0x2db
[    3.162739]  mount_root_generic+0x1ce/0x270
[    3.162816]  prepare_namespace+0x1e7/0x230
[    3.162864]  kernel_init_freeable+0x26f/0x2a0
[    3.162913]  ? __pfx_kernel_init+0x10/0x10
[    3.162950]  kernel_init+0x1a/0x130`;

/** The last that was heard of a node. */
const STANDS_STILL = String.raw`
[    2.332777] evm: HMAC attrs: 0x1
[    2.464688] tsc: Refined TSC clocksource calibration: 2599.980 MHz
[    2.481722] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x257a29560e1, max_idle_ns: 440795305846 ns
[    2.500757] clocksource: Switched to clocksource tsc
[    2.651666] RAS: Correctable Errors collector initialized.`;

const lines = (text: string): BootTraces => ({
  consoleLines: text.split('\n').filter((line) => line !== ''),
});

/** What was seen of the processors of a node that was late. */
const still: ProcessorReport = {
  activity: 'still',
  summary: 'its processors stood still',
  lines: [],
};
const lost: ProcessorReport = { ...still, lostInterrupt: 'interrupt 236 waits for processor 1' };

describe('emulatorFault()', () => {
  it.each([
    ['int3', STRAY_INT3],
    ['timer', TIMER],
  ])('emulatorFault() knows %s', (name, text) => {
    expect(emulatorFault(lines(text))).toMatchObject({ name });
  });

  it('emulatorFault() gives the line that shows it', () => {
    expect(emulatorFault(lines(STRAY_INT3))?.line).toBe(
      '[   58.997439] Oops: int3: 0000 [#1] SMP PTI',
    );
  });

  it('emulatorFault() takes an oops for the emulator’s whose code the console did not show any more', () => {
    expect(emulatorFault(lines(STRAY_INT3.split('\n').slice(0, 3).join('\n')))?.name).toBe('int3');
  });

  it.each([
    ['a breakpoint that is there', REAL_INT3],
    ['the same, in a code that goes on', REAL_INT3.replace('cc <cc> cc', 'cc <90> 90')],
    ['a panic for want of an init', NO_INIT],
    ['a boot that stands still', STANDS_STILL],
    ['nothing at all', ''],
  ])('emulatorFault() has no excuse for %s', (_, text) => {
    expect(emulatorFault(lines(text))).toBeUndefined();
  });

  it('emulatorFault() knows an interrupt that QEMU lost', () => {
    const traces = { ...lines(STANDS_STILL), processors: lost };
    expect(emulatorFault(traces)).toEqual({ name: 'lost-interrupt', line: lost.lostInterrupt });
  });

  it('emulatorFault() has no excuse for processors that stand still, or are busy', () => {
    for (const activity of ['still', 'busy', 'idle', 'no answer', 'not running'] as const) {
      const traces = { ...lines(STANDS_STILL), processors: { ...still, activity } };
      expect(emulatorFault(traces)).toBeUndefined();
    }
  });
});

describe('bootsAgain()', () => {
  const ended = new OnibError('NODE_ENDED', 'Cannot go on with the node: it reset itself');
  const late = new OnibError('BOOT_TIMEOUT', 'Cannot boot the node to "ready"');

  it('bootsAgain() needs a signature, whatever went wrong', () => {
    const once = { done: 0, most: 2 };
    expect(bootsAgain(ended, lines(STRAY_INT3), once)?.name).toBe('int3');
    expect(bootsAgain(late, lines(STRAY_INT3), once)?.name).toBe('int3');
    expect(bootsAgain(ended, lines(NO_INIT), once)).toBeUndefined();
    expect(bootsAgain(late, lines(STANDS_STILL), once)).toBeUndefined();
  });

  it('bootsAgain() forgives nothing else than an end or a delay', () => {
    const interrupted = new OnibError('INTERRUPTED', 'Interrupted');
    for (const error of [interrupted, new Error('x'), undefined]) {
      expect(bootsAgain(error, lines(STRAY_INT3), { done: 0, most: 2 })).toBeUndefined();
    }
  });

  it('bootsAgain() ends after so many times', () => {
    expect(bootsAgain(ended, lines(TIMER), { done: 1, most: 2 })).toBeDefined();
    expect(bootsAgain(ended, lines(TIMER), { done: 2, most: 2 })).toBeUndefined();
    expect(bootsAgain(ended, lines(TIMER), { done: 0, most: 0 })).toBeUndefined();
  });
});
