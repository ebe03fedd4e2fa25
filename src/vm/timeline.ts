/** What a boot did and when, as the boot server saw it. */
import type { BootServerEvent } from '../../boot-server/index.js';

type StageRecord = Extract<BootServerEvent, { type: 'node-stage' }>['entry'];

/** A stage of the boot contract that was reached. */
export interface StageMark {
  readonly stage: StageRecord['stage'];
  /** Seconds since power-on. */
  readonly seconds: number;
  /** Bytes that the boot server had sent to the node until then. */
  readonly bytes: number;
  /** Of `failed`: docs/boot-errors.md has a line for each. */
  readonly code?: string;
  readonly detail?: string;
}

/** @param poweredOn Milliseconds since the epoch. */
export function stageMark(record: StageRecord, poweredOn: number): StageMark {
  return {
    stage: record.stage,
    seconds: Math.max(0, (Date.parse(record.at) - poweredOn) / 1000),
    bytes: record.servedBytes,
    ...(record.code === undefined ? {} : { code: record.code }),
    ...(record.detail === undefined ? {} : { detail: record.detail }),
  };
}

/** `mount`, `failed:DIGEST_MISMATCH`. */
export function stageName(mark: Pick<StageMark, 'stage' | 'code'>): string {
  return mark.code === undefined ? mark.stage : `${mark.stage}:${mark.code}`;
}

/** One line of a boot's summary. */
export interface TimelineRow {
  readonly stage: string;
  /** Seconds since power-on. */
  readonly at: number;
  /** Seconds and bytes since the row before. */
  readonly seconds: number;
  readonly bytes: number;
}

/**
 * What each stage took. A stage that is reported again (the firmware's DHCP, then iPXE's, then the
 * kernel's) counts from its first report; failures are all kept.
 */
export function timeline(marks: readonly StageMark[]): TimelineRow[] {
  const firsts = marks.filter(
    (mark, index) =>
      mark.stage === 'failed' || marks.findIndex(({ stage }) => stage === mark.stage) === index,
  );
  return firsts.map((mark, index) => ({
    stage: stageName(mark),
    at: mark.seconds,
    seconds: mark.seconds - (firsts[index - 1]?.seconds ?? 0),
    bytes: mark.bytes - (firsts[index - 1]?.bytes ?? 0),
  }));
}
