/**
 * What a build shows, as pure functions of its events: one line per running step with its stage or
 * task and its seconds, and plain lines where there is no terminal.
 */
import type { BuildEvent } from '../../build/record/events.js';
import { changeInWords } from '../../core/version-changes.js';
import { findArtifact } from '../../contract/artifact-key.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { rolledBackInWords } from './rolled-back.js';
import { cut, formatBytes, formatSeconds, formatTable } from './format.js';

export interface StepView {
  readonly step: string;
  /** Milliseconds, of the clock that `render` is given. */
  readonly started: number;
  /** Stage or task that runs now. */
  readonly doing: string;
  /** 0 to 1, where the total is known. */
  readonly share?: number;
}

export interface BuildView {
  /** Steps that run now, oldest first. */
  readonly running: readonly StepView[];
  readonly total: number;
  readonly done: number;
}

export const emptyView: BuildView = { running: [], total: 0, done: 0 };

/** The view after an event at time `now`. */
export function advance(view: BuildView, event: BuildEvent, now: number): BuildView {
  switch (event.type) {
    case 'build-start':
      return { ...view, total: event.steps.length };
    case 'step-start': {
      const started: StepView = { step: event.step, started: now, doing: 'start' };
      return { ...view, running: [...view.running, started] };
    }
    case 'stage':
      return change(view, event.step, ({ step, started }) => ({
        step,
        started,
        doing: event.stage,
      }));
    case 'task-start':
      return change(view, event.step, ({ step, started }) => ({
        step,
        started,
        doing: taskName(event),
      }));
    case 'progress':
      return change(view, event.step, (step) => ({
        ...step,
        share: event.total === 0 ? 1 : event.done / event.total,
      }));
    case 'step-end':
      return {
        ...view,
        running: view.running.filter(({ step }) => step !== event.step),
        done: view.done + 1,
      };
    case 'task-end':
    case 'packages':
    case 'warning':
    case 'failed':
    case 'rolled-back':
    case 'release':
      return view;
  }
}

function change(view: BuildView, step: string, alter: (step: StepView) => StepView): BuildView {
  return {
    ...view,
    running: view.running.map((running) => (running.step === step ? alter(running) : running)),
  };
}

function taskName(event: { readonly task: string; readonly role?: string }): string {
  return event.role === undefined ? event.task : `${event.role}: ${event.task}`;
}

const BAR_WIDTH = 20;

function bar(share: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)} %`;
}

/** Lines of the live view at time `now`, none wider than the terminal. */
export function render(view: BuildView, now: number, columns: number): string[] {
  return view.running.map(({ step, started, doing, share }, index) => {
    const count = `${view.done + index + 1}/${view.total}`;
    const seconds = formatSeconds((now - started) / 1000);
    const progress = share === undefined ? '' : ` ${bar(share)}`;
    return cut(`  ${count} ${step} · ${doing}${progress} · ${seconds}`, columns - 1);
  });
}

function fileList(artifacts: readonly Artifact[]): string {
  return artifacts.map(({ fileName, size }) => `${fileName} ${formatBytes(size)}`).join(', ');
}

/** The line that stays on a terminal after an event; undefined where the live view says it all. */
export function lastingLine(event: BuildEvent): string | undefined {
  switch (event.type) {
    case 'step-end':
      return `done: ${event.step} in ${formatSeconds(event.seconds)}: ${fileList(event.artifacts)}`;
    case 'warning':
      return `warning: ${event.step}: ${event.message}`;
    case 'rolled-back':
      return `${rolledBackInWords(event)}: this build replaces release ${event.release}`;
    case 'packages':
      return event.changes.length === 0 ? undefined : packagesLine(event);
    case 'task-end':
      return event.status === 'failed' || event.status === 'ignored'
        ? `${event.status}: ${taskName(event)}${taskPlace(event)}`
        : undefined;
    default:
      return undefined;
  }
}

/** Above it changed packages are counted, not listed. */
const MAX_CHANGES = 8;

function packagesLine({ step, total, changes }: Extract<BuildEvent, { type: 'packages' }>): string {
  const shown = changes.slice(0, MAX_CHANGES).map(changeInWords);
  const more = changes.length - shown.length;
  const isNew = changes.length === total && changes.every(({ before }) => before === undefined);
  const what = isNew
    ? `${total} ${total === 1 ? 'package' : 'packages'}`
    : [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  return `onib.lock has now for ${step}: ${what}`;
}

function taskPlace(event: { readonly file?: string; readonly line?: number }): string {
  if (event.file === undefined) return '';
  return ` (${event.file}${event.line === undefined ? '' : `:${event.line}`})`;
}

/** One line per event for logs; `verbose` adds what is only of use when looking for a fault. */
export function plainLine(event: BuildEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'build-start':
      return `build: ${event.steps.join(', ')}; logs in ${event.logDirectory}`;
    case 'step-start':
      return `start: ${event.step}; log ${event.log}`;
    case 'stage':
      return `${event.step}: ${event.stage}`;
    case 'task-start':
      return verbose ? `${event.step}: start ${taskName(event)}` : undefined;
    case 'task-end':
      return (
        lastingLine(event) ??
        `${event.step}: ${event.status} ${taskName(event)} (${formatSeconds(event.seconds)})`
      );
    case 'progress':
    case 'failed':
      return undefined;
    case 'packages':
    case 'rolled-back':
    case 'warning':
    case 'step-end':
      return lastingLine(event);
    case 'release':
      return `release: ${event.id}`;
  }
}

/** The end of a build that made something: what is where, how big, how long. */
export function summary(
  built: readonly Artifact[],
  release: Extract<BuildEvent, { type: 'release' }>,
  seconds: number,
): string[] {
  const named = built.map((one) => findArtifact(release.artifacts, one) ?? one);
  const rows = named.map(({ fileName, size, seconds: took }) => [
    `  ${fileName}`,
    formatBytes(size),
    formatSeconds(took),
  ]);
  const bytes = built.reduce((sum, { size }) => sum + size, 0);
  return [
    ...formatTable(rows, ['left', 'right', 'right']),
    built.length === 0
      ? 'nothing was built: what was built before fits'
      : `${built.length} files, ${formatBytes(bytes)}, built in ${formatSeconds(seconds)}`,
    release.current
      ? `release ${release.id} is current: ${release.directory}`
      : `release ${release.id} is not current: onib activate ${release.id}`,
    ...release.lost.map(({ profile, reason }) => `profile "${profile}" would be lost: ${reason}`),
    ...notLost(release).map(
      ({ profile, reason }) => `profile "${profile}" cannot be booted yet: ${reason}`,
    ),
  ];
}

/** Profiles that cannot be booted, and could not before. */
function notLost({
  incomplete,
  lost,
}: Extract<BuildEvent, { type: 'release' }>): Extract<
  BuildEvent,
  { type: 'release' }
>['incomplete'] {
  return incomplete.filter(({ profile }) => !lost.some((one) => one.profile === profile));
}
