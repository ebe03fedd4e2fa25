/** `onib status`: the current release, what is in it, and what is out of date. */
import type { Command } from 'commander';
import type { Plan } from '../../plan/plan.js';
import { planProject } from '../../build/engine/build.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import { Store } from '../../store/store.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { formatAge, formatBytes, formatSeconds, formatTable } from '../show/format.js';
import type { Output } from '../show/output.js';
import { openProject } from '../options/project.js';

export function registerStatus(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'status',
    summary: 'the current release, its artifacts and what is out of date',
    examples: [
      ['onib status', 'sizes, age, and what a build would do'],
      ['onib status --json', 'the same as one JSON object'],
    ],
  }).action(async () => {
    const config = await openProject(context);
    const current = await new Store(config.settings.artifactPath).current();
    const everything = await planProject(config, {});
    context.output.object(statusObject(current, everything));
    context.output.result(statusText(current, everything, context.output).join('\n'));
  });
}

function outOfDate(plan: Plan): { title: string; reasons: readonly string[] }[] {
  return plan.steps.map(({ title, reasons }) => ({ title, reasons }));
}

function statusObject(
  current: ReleaseManifest | undefined,
  plan: Plan,
): { schema: string } & Record<string, unknown> {
  return {
    schema: 'onib.status/1',
    store: plan.store,
    release: current ?? null,
    outOfDate: outOfDate(plan),
  };
}

function ageOf(release: ReleaseManifest): string {
  return formatAge((Date.now() - Date.parse(release.created)) / 1000);
}

function statusText(current: ReleaseManifest | undefined, plan: Plan, output: Output): string[] {
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
  const late = outOfDate(plan);
  if (late.length === 0) lines.push('everything is up to date');
  for (const { title, reasons } of late) {
    lines.push(`${output.style('out of date', 'yellow')}: ${title}: ${reasons.join('; ')}`);
  }
  return lines;
}
