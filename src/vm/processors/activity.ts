/**
 * What a machine's processors did while they were watched: whether a node that does not get on stands still, waits or is
 * only slow, and whether QEMU itself shows that it lost an interrupt.
 */
import { deliverable, type ProcessorReading } from './reading.js';

/** All processors of a machine at one moment. */
export interface MachineReading {
  /** QEMU's run state, `running`, `paused`, `internal-error`. */
  readonly state: string;
  readonly processors: readonly ProcessorReading[];
}

export type Activity = 'busy' | 'idle' | 'still' | 'not running' | 'no answer' | 'unknown';

export interface ProcessorReport {
  readonly activity: Activity;
  /** For an error's text: `its processors stood still: …`. */
  readonly summary: string;
  /** A line for each processor. */
  readonly lines: readonly string[];
  /** Says that an interrupt waits for a processor that sleeps on: the emulator is at fault. */
  readonly lostInterrupt?: string;
}

/** There is no machine yet. */
export const NOT_STARTED: ProcessorReport = {
  activity: 'not running',
  summary: 'its machine had not been started yet',
  lines: [],
};

/** QEMU did not answer within the time that it had. */
export const NO_ANSWER: ProcessorReport = {
  activity: 'no answer',
  summary: 'the emulator did not answer either',
  lines: [],
};

const SUMMARIES: Readonly<Record<Activity, string>> = {
  busy: 'its processors were busy',
  idle: 'its processors were idle: they woke up now and then, and halted again',
  still: 'its processors stood still: all are halted, and none executed anything',
  'not running': 'the emulator had stopped its processors',
  'no answer': NO_ANSWER.summary,
  unknown: 'what its processors did is not known',
};

/** @param readings Of one machine, in the order in which they were taken. */
export function reportOn(readings: readonly MachineReading[]): ProcessorReport {
  const last = readings.at(-1);
  const activity = activityOf(readings);
  const lostInterrupt = lostInterruptOf(readings);
  const state = activity === 'not running' ? ` (${last?.state ?? ''})` : '';
  return {
    activity,
    summary: SUMMARIES[activity] + state,
    lines: last?.processors.map(processorLine) ?? [],
    ...(lostInterrupt === undefined ? {} : { lostInterrupt }),
  };
}

function activityOf(readings: readonly MachineReading[]): Activity {
  if (readings.some(({ state }) => state !== 'running')) return 'not running';
  const all = readings.flatMap(({ processors }) => processors);
  if (readings.length < 2 || all.length === 0) return 'unknown';
  // Linux with nothing to do is awake for less than a hundredth of the time.
  if (all.some(({ halted }) => !halted)) return 'busy';
  return coursesOf(readings).every(unchanged) ? 'still' : 'idle';
}

/** The readings of each processor. */
function coursesOf(readings: readonly MachineReading[]): ProcessorReading[][] {
  const first = readings[0]?.processors ?? [];
  return first.map(({ index }) =>
    readings.flatMap(({ processors }) => processors.filter((one) => one.index === index)),
  );
}

function unchanged(course: readonly ProcessorReading[]): boolean {
  return new Set(course.map(({ registers }) => registers)).size === 1;
}

/**
 * A halted processor takes an interrupt that its local APIC holds out to it, at once: real hardware has no other way, and
 * no program can forbid it while interrupts are enabled. One that sleeps through all readings instead was not woken by
 * QEMU; one whose thread is ready to run waits for a busy host, and that is no fault.
 */
function lostInterruptOf(readings: readonly MachineReading[]): string | undefined {
  if (readings.length < 2 || readings.some(({ state }) => state !== 'running')) return undefined;
  for (const course of coursesOf(readings)) {
    const vectors = course.map(({ apic }) => (apic === undefined ? undefined : deliverable(apic)));
    const [vector] = vectors;
    if (vector === undefined || vectors.some((one) => one !== vector)) continue;
    if (!unchanged(course) || !course.every(waitsForever)) continue;
    const index = String(course[0]?.index);
    return `processor ${index} is halted with interrupts enabled, and interrupt ${String(vector)} waits for it`;
  }
  return undefined;
}

function waitsForever({ halted, interruptible, sleeping }: ProcessorReading): boolean {
  return halted && interruptible && sleeping === true;
}

function processorLine({ index, halted, interruptible, address, apic }: ProcessorReading): string {
  const what = halted
    ? `halted at ${address}, interrupts ${interruptible ? 'enabled' : 'disabled'}`
    : `running at ${address}`;
  const head = `processor ${index}: ${what}`;
  if (apic === undefined) return head;
  const pending = apic.pending.length === 0 ? 'none' : apic.pending.join(' ');
  return `${head}; local APIC ${apic.enabled ? 'enabled' : 'disabled'}, waiting: ${pending}; timer: ${apic.timer}`;
}
