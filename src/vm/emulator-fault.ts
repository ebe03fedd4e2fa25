/**
 * Faults that the emulator makes and no image: a boot that shows one says nothing about what was booted, and
 * may be done again. Everything else that goes wrong is a failure, a node that stands still without a word too.
 */
import type { OnibError } from '../core/errors.js';
import type { ProcessorReport } from './processors/activity.js';

/** A fault of the emulator's, as a node's console or QEMU itself showed it. */
export interface EmulatorFault {
  /** Name in the table below. */
  readonly name: string;
  /** The line of the console, or what QEMU says of a processor. */
  readonly line: string;
}

/** What a boot that failed left behind: a `VirtualNode` has it. */
export interface BootTraces {
  /** Plain text, as `ConsoleLines` gives it. */
  readonly consoleLines: readonly string[];
  /** What the processors did when the node was late. */
  readonly processors?: ProcessorReport | undefined;
}

interface Signature {
  readonly name: string;
  readonly line: RegExp;
  /** In the lines after it: the fault is a real one. */
  readonly unless?: RegExp;
}

/** The signatures on the console, with what was seen. */
const SIGNATURES: readonly Signature[] = [
  {
    // Linux changes its own code by way of a breakpoint. An emulated processor sometimes runs the breakpoint
    // after another one has taken it away again, and nobody knows of it any more: about 1 boot in 25 with two
    // processors, and the kernel's own testers see it too (linux-kernel, June 2025, "Oops int3 kernel panic").
    // A breakpoint (cc) that still stands before the place, `cc <..>`, was put there by somebody else.
    name: 'int3',
    line: /\bint3: 0000 \[#1\]/,
    unless: /\bCode:.* cc <[0-9a-f]{2}>|\bCode: .*<cc>/,
  },
  {
    // On a busy host the emulated timer misses the ticks by which the kernel tests it.
    name: 'timer',
    line: /Kernel panic - not syncing: IO-APIC \+ timer doesn't work!/,
  },
];

/** How many lines after its first one an oops goes on to show registers and code. */
const OOPS_LINES = 12;

/** The first fault of the emulator's that a boot shows: on its console, else in QEMU's own state. */
export function emulatorFault({
  consoleLines: lines,
  processors,
}: BootTraces): EmulatorFault | undefined {
  for (const [index, line] of lines.entries()) {
    const after = lines.slice(index + 1, index + 1 + OOPS_LINES);
    const signature = SIGNATURES.find(
      (one) => one.line.test(line) && !after.some((later) => one.unless?.test(later)),
    );
    if (signature !== undefined) return { name: signature.name, line };
  }
  const line = processors?.lostInterrupt;
  return line === undefined ? undefined : { name: 'lost-interrupt', line };
}

/** What may be wrong with a node whose emulator is at fault: it ended, or did not get on. */
const CODES = ['NODE_ENDED', 'BOOT_TIMEOUT'];

/**
 * The fault for which a failed boot is to be done again; undefined: the failure counts.
 *
 * @param done How many times it was done again already.
 * @param most How many times it may be.
 */
export function bootsAgain(
  error: unknown,
  traces: BootTraces,
  { done, most }: { readonly done: number; readonly most: number },
): EmulatorFault | undefined {
  const code = (error as Partial<OnibError> | undefined)?.code ?? '';
  return done < most && CODES.includes(code) ? emulatorFault(traces) : undefined;
}
