/**
 * QMP, QEMU's control protocol: one JSON object a line, in both directions.
 * https://www.qemu.org/docs/master/interop/qmp-spec.html
 */

/** Why a machine stopped: the node switched itself off, reset itself, crashed, or we ended it. */
export type StopReason = 'poweroff' | 'reset' | 'crash' | 'stopped';

const REASONS: Readonly<Record<string, StopReason>> = {
  'guest-shutdown': 'poweroff',
  'guest-reset': 'reset',
  'guest-panic': 'crash',
};

/** What has to be said first: QEMU sends events only after its greeting has been answered. */
export const QMP_HELLO = `${JSON.stringify({ execute: 'qmp_capabilities' })}\n`;

/** Ends the machine as soon as all of it has been built. */
export const QMP_QUIT = `${JSON.stringify({ execute: 'quit' })}\n`;

/** The reason that a SHUTDOWN event gives; undefined for every other line. */
export function stopReason(line: string): StopReason | undefined {
  const message = JSON.parse(line) as { event?: unknown; data?: { reason?: unknown } };
  if (message.event !== 'SHUTDOWN') return undefined;
  return REASONS[String(message.data?.reason)] ?? 'stopped';
}
