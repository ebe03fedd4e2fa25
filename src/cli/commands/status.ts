/** `onib status`: the current release, what is in it, and what is out of date. */
import type { Command } from 'commander';
import { shortDigest } from '../../core/digest.js';
import type { Plan } from '../../plan/plan.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import { readRolledBack, type RolledBack } from '../../store/rolled-back.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { formatAge, formatBytes, formatSeconds, formatTable } from '../show/format.js';
import type { Output } from '../show/output.js';
import { errorObject, exitCodeOf, formatWarning } from '../show/errors.js';
import { profilesLine } from '../show/plan-view.js';
import { rolledBackInWords, rolledBackObject } from '../show/rolled-back.js';
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
    const { plan, error } = await readablePlan(context, options);
    const status: Status = {
      store: store.directory,
      release: await store.current(),
      rolledBack: await readRolledBack(store),
      plan,
      error,
    };
    context.output.object(statusObject(status));
    context.output.result(statusText(status, context.output).join('\n'));
    if (error === undefined) return;
    context.output.problem('what is out of date is not known: the project cannot be read');
    context.output.problem(formatWarning(error));
    context.exitCode = exitCodeOf(error);
  });
}

interface Status {
  /** Absolute path. */
  readonly store: string;
  readonly release: ReleaseManifest | undefined;
  readonly rolledBack: RolledBack | undefined;
  /** Undefined where only the store is read. */
  readonly plan: Plan | undefined;
  /** Why the project cannot be read. */
  readonly error: unknown;
}

function outOfDate(plan: Plan): { title: string; reasons: readonly string[] }[] {
  return plan.steps.map(({ title, reasons }) => ({ title, reasons }));
}

function statusObject({
  store,
  release,
  rolledBack,
  plan,
  error,
}: Status): { schema: string } & Record<string, unknown> {
  return {
    schema: 'onib.status/1',
    store,
    release: release ?? null,
    rolledBack: rolledBackObject(rolledBack),
    outOfDate: plan === undefined ? null : outOfDate(plan),
    builtBefore: plan === undefined ? null : plan.reuse.map(({ fileName }) => fileName),
    profileChanges: plan?.profileChanges ?? null,
    problems: error === undefined ? [] : errorObject(error).problems,
  };
}

function ageOf(release: ReleaseManifest): string {
  return formatAge((Date.now() - Date.parse(release.created)) / 1000);
}

function statusText({ release, rolledBack, plan }: Status, output: Output): string[] {
  const lines =
    release === undefined
      ? ['no release yet: onib build all makes one, onib push copies one']
      : releaseText(release, output);
  if (rolledBack !== undefined) lines.push(output.style(rolledBackInWords(rolledBack), 'yellow'));
  if (plan === undefined) return lines;
  const late = outOfDate(plan);
  for (const { title, reasons } of late) {
    lines.push(`${output.style('out of date', 'yellow')}: ${title}: ${reasons.join('; ')}`);
  }
  if (plan.reuse.length > 0) {
    const names = plan.reuse.map(({ fileName }) => fileName).join(', ');
    lines.push(`built before, and not in this release: ${names}: onib build all`);
  } else if (late.length === 0) lines.push(profilesLine(plan) ?? 'everything is up to date');
  return lines;
}

function releaseText(release: ReleaseManifest, output: Output): string[] {
  const rows = release.artifacts.map(({ fileName, kind, size, digest, seconds }) => [
    `  ${fileName}`,
    kind,
    formatBytes(size),
    formatSeconds(seconds),
    shortDigest(digest),
  ]);
  const profiles = release.profiles.map(({ name, overlays }) => {
    const isDefault = name === release.defaultProfile ? ' (default)' : '';
    return `profile ${name}${isDefault}: ${overlays.join(', ') || 'no overlay'}`;
  });
  const incomplete = (release.incomplete ?? []).map(
    ({ profile, reason }) => `profile ${profile} cannot be booted: ${reason}`,
  );
  const missing = release.defaultProfileMissing;
  return [
    `release ${output.style(release.id, 'bold')}, made ${ageOf(release)} ago`,
    ...formatTable(rows, ['left', 'left', 'right', 'right']),
    ...profiles,
    ...incomplete,
    ...(missing === undefined
      ? []
      : [`no default profile: "${missing.profile}" cannot be booted: ${missing.reason}`]),
  ];
}
