/** Watches the processors of a running machine for some seconds, through QEMU's monitor and the host's /proc. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Qmp } from './qmp.js';
import {
  NO_ANSWER,
  reportOn,
  type MachineReading,
  type ProcessorReport,
} from '../processors/activity.js';
import {
  readLocalApic,
  readRegisters,
  readSleeping,
  type ProcessorReading,
} from '../processors/reading.js';

/** Linux with nothing to do wakes up some times a second; its watchdogs every four seconds. */
const READINGS = 6;
const SECONDS_BETWEEN = 1;
/** For all readings. */
const ANSWER_SECONDS = 30;

/** What the processors do now. It takes some seconds and changes nothing: no processor wakes up for it. */
export async function watchProcessors(qmp: Qmp): Promise<ProcessorReport> {
  const enough = new AbortController();
  const { signal } = enough;
  try {
    return await Promise.race([
      takeReadings(qmp, signal).then(reportOn),
      delay(ANSWER_SECONDS * 1000, NO_ANSWER, { signal }),
    ]);
  } catch (error) {
    // A node that is late is what has to be told: this is only more about it.
    return { ...reportOn([]), lines: [String(error)] };
  } finally {
    enough.abort();
  }
}

async function takeReadings(qmp: Qmp, signal: AbortSignal): Promise<MachineReading[]> {
  const readings = [await takeReading(qmp)];
  while (readings.length < READINGS) {
    await delay(SECONDS_BETWEEN * 1000, undefined, { signal });
    readings.push(await takeReading(qmp));
  }
  return readings;
}

async function takeReading(qmp: Qmp): Promise<MachineReading> {
  const { status } = (await qmp.execute('query-status')) as { status: string };
  const threads = (await qmp.execute('query-cpus-fast')) as {
    'cpu-index': number;
    'thread-id': number;
  }[];
  const processors: ProcessorReading[] = [];
  for (const one of readRegisters(await monitor(qmp, 'info registers -a'))) {
    const apic = readLocalApic(await monitor(qmp, 'info lapic', one.index));
    const id = threads.find((thread) => thread['cpu-index'] === one.index)?.['thread-id'];
    const sleeping = id === undefined ? undefined : readSleeping(await statusOf(id));
    processors.push({
      ...one,
      ...(apic === undefined ? {} : { apic }),
      ...(sleeping === undefined ? {} : { sleeping }),
    });
  }
  return { state: status, processors };
}

/** A command of the monitor for people; `processor`: the one that it is about. */
async function monitor(qmp: Qmp, line: string, processor = 0): Promise<string> {
  const words = { 'command-line': line, 'cpu-index': processor };
  return String(await qmp.execute('human-monitor-command', words));
}

async function statusOf(thread: number): Promise<string> {
  return await readFile(`/proc/${thread}/status`, 'utf8');
}
