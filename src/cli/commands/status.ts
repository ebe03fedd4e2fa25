/** `onib status`: the current release, what is in it, and what is out of date. */
import type { Command } from 'commander';
import type { Plan } from '../../plan/plan.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import type { Store } from '../../store/store.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { formatAge, formatBytes, formatSeconds, formatTable } from '../show/format.js';
import type { Output } from '../show/output.js';
import { errorObject, exitCodeOf, formatWarning } from '../show/errors.js';
import { readablePlan } from '../options/readable-plan.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';

export function registerStatus(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'status',
    summary: 'the current release, its artifacts and what is out of date',
    examples: [
      ['onib status', 'sizes, age, and what a build would do'],
      ['onib status --json', 'the same as one JSON object'],
    ],
  });
  addStoreOption(command).action(async (options: StoreOptions) => {
    const store = await openStore(context, options);
    const current = await store.current();
    const { plan, error } = await readablePlan(context, options);
    context.output.object(statusObject(store, current, plan, error));
    context.output.result(statusText(current, plan, context.output).join('\n'));
    if (error === undefined) return;
    context.output.problem('what is out of date is not known: the project cannot be read');
    context.output.problem(formatWarning(error));
    context.exitCode = exitCodeOf(error);
  });
}

function outOfDate(plan: Plan): { title: string; reasons: readonly string[] }[] {
  return plan.steps.map(({ title, reasons }) => ({ title, reasons }));
}

function statusObject(
  store: Store,
  current: ReleaseManifest | undefined,
  plan: Plan | undefined,
  error: unknown,
): { schema: string } & Record<string, unknown> {
  return {
    schema: 'onib.status/1',
    store: store.directory,
    release: current ?? null,
    outOfDate: plan === undefined ? null : outOfDate(plan),
    problems: error === undefined ? [] : errorObject(error).problems,
  };
}

function ageOf(release: ReleaseManifest): string {
  return formatAge((Date.now() - Date.parse(release.created)) / 1000);
}

function statusText(
  current: ReleaseManifest | undefined,
  plan: Plan | undefined,
  output: Output,
): string[] {
  const lines: string[] = [];
  if (current === undefined) lines.push('no release yet: onib build all');
  else {
    lines.push(`release ${output.style(current.id, 'bold')}, made ${ageOf(current)} ago`);
    const rows = current.artifacts.map(({ fileName, kind, size, digest, seconds }) => [
      `  ${fileName}`,
      kind,
      formatBytes(size),
      formatSeconds(seconds),
      digest.slice('sha256:'.length, 'sha256:'.length + 12),
    ]);
    lines.push(...formatTable(rows, ['left', 'left', 'right', 'right']));
    for (const { name, overlays } of current.profiles) {
      const isDefault = name === current.defaultProfile ? ' (default)' : '';
      lines.push(`profile ${name}${isDefault}: ${overlays.join(', ') || 'no overlay'}`);
    }
  }
  if (plan === undefined) return lines;
  const late = outOfDate(plan);
  if (late.length === 0) lines.push('everything is up to date');
  for (const { title, reasons } of late) {
    lines.push(`${output.style('out of date', 'yellow')}: ${title}: ${reasons.join('; ')}`);
  }
  return lines;
}
