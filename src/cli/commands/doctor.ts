/** `onib doctor`: does this host have what building, serving and booting take? */
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { EXIT, OnibError } from '../../core/errors.js';
import { run } from '../../host/run.js';
import type { AptSources } from '../../plan/sources.js';
import { aptSources, readHostApt } from '../../facts/apt/apt-sources.js';
import { findLocalProxy } from '../../facts/apt/local-proxy.js';
import type { Settings } from '../../project/keys/setting-keys.js';
import { readSettings } from '../../project/keys/settings.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import type { Check, CheckResult } from '../doctor/finding.js';
import { withWorkingSudo } from '../show/sudo.js';
import { mergeFixes } from '../doctor/fixes.js';
import { machineChecks } from '../doctor/machine.js';
import { mirrorCheck } from '../doctor/mirror.js';
import { programChecks } from '../doctor/programs.js';
import { virtualNodeChecks } from '../doctor/virtual-node.js';
import { formatTable } from '../show/format.js';
import type { Output } from '../show/output.js';
import { openProject } from '../options/project.js';

interface DoctorOptions {
  readonly fix?: boolean;
}

export function registerDoctor(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'doctor',
    summary: 'check this host for building, serving and booting',
    examples: [
      ['onib doctor', 'each failing line ends in the command that mends it'],
      ['onib doctor --fix', 'run those commands, then check again'],
    ],
  })
    .option('--fix', 'run the commands that mend what is lacking')
    .action(async (options: DoctorOptions) => {
      const checks = await allChecks(context);
      let results = await probeAll(checks);
      if (options.fix === true) {
        await mend(results, context);
        results = await probeAll(checks);
      }
      report(results, context);
    });
}

async function allChecks(context: Context): Promise<Check[]> {
  const { settings, sources } = await surroundings(context);
  return [
    ...machineChecks(settings.artifactPath),
    ...programChecks,
    ...virtualNodeChecks,
    mirrorCheck(sources),
  ];
}

/** The project's store and mirror; a host is checked before there is a project, too. */
async function surroundings(
  context: Context,
): Promise<{ readonly settings: Settings; readonly sources: AptSources }> {
  const settings = await projectSettings(context);
  const localProxy = settings.aptProxy === 'auto' ? await findLocalProxy() : undefined;
  return { settings, sources: aptSources(settings, await readHostApt(), localProxy) };
}

async function projectSettings(context: Context): Promise<Settings> {
  try {
    return (await openProject(context)).settings;
  } catch (error) {
    const mendedHere = ['NO_PROJECT', 'ANSIBLE_MISSING'];
    if (!(error instanceof OnibError) || !mendedHere.includes(error.code)) throw error;
    return readSettings(context.directory, [], []);
  }
}

async function probeAll(checks: readonly Check[]): Promise<CheckResult[]> {
  return await Promise.all(
    checks.map(async ({ name, purpose, probe }) => {
      const { fix, ...found } = await probe();
      const working = withWorkingSudo(fix);
      return { name, purpose, ...found, ...(working === undefined ? {} : { fix: working }) };
    }),
  );
}

async function mend(results: readonly CheckResult[], context: Context): Promise<void> {
  const fixes = results.flatMap(({ state, fix }) => (state === 'lacks' && fix ? [fix] : []));
  for (const command of mergeFixes(fixes)) {
    context.output.note(`$ ${command}`);
    const elevate = process.getuid?.() === 0 ? [] : ['sudo'];
    await run([...elevate, 'sh', '-c', command], {
      signal: context.signal,
      onLine: (line) => context.output.note(line),
    });
  }
}

function report(results: readonly CheckResult[], context: Context): void {
  const { output } = context;
  const lacking = results.filter(({ state }) => state === 'lacks');
  output.object({ schema: 'onib.doctor/1', ready: lacking.length === 0, checks: results });
  const shown = output.quiet ? lacking : results;
  const rows = shown.map(({ name, purpose, state, seen, fix }) => [
    stateWord(state, output),
    name,
    purpose === 'all' ? '' : purpose,
    fix === undefined ? seen : `${seen}  →  ${fix}`,
  ]);
  output.result(formatTable(rows).join('\n'));
  if (lacking.length === 0) {
    output.note(`${hostname()} has what onib needs`);
    return;
  }
  output.note(`${lacking.length} of ${results.length} checks fail: onib doctor --fix`);
  context.exitCode = EXIT.hostLacks;
}

function stateWord(state: CheckResult['state'], output: Output): string {
  if (state === 'ok') return output.style('ok', 'green');
  return state === 'note' ? output.style('note', 'yellow') : output.style('LACKS', 'red', 'bold');
}
