/** `onib why`: what made an artifact differ from its previous build, and what would change it now. */
import type { Command } from 'commander';
import { explainArtifact, type Explanation, type Outlook } from '../../build/explain/why.js';
import { readRolledBack } from '../../store/rolled-back.js';
import { locateArtifact } from '../options/artifacts.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { readablePlan } from '../options/readable-plan.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';
import { errorObject, exitCodeOf, formatWarning } from '../show/errors.js';
import { rolledBackInWords, rolledBackObject } from '../show/rolled-back.js';

export function registerWhy(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'why',
    summary: 'what made an artifact differ from its previous build',
    examples: [
      ['onib why discovery', 'an overlay, with lines of its role files'],
      ['onib why base.trixie.squashfs', 'by file name'],
    ],
  }).argument('<artifact>', 'an artifact of the current release');
  addStoreOption(command).action(async (word: string, options: StoreOptions) => {
    const wanted = await locateArtifact(word, context, options);
    const store = await openStore(context, options);
    const { plan, error } = await readablePlan(context, options);
    const found = await explainArtifact(wanted, store, plan);
    const rolledBack = await readRolledBack(store);
    const { artifact, release, before, changes, outlook, pending } = found;
    context.output.object({
      schema: 'onib.why/1',
      ...{ artifact: artifact.fileName, release, before: before?.release ?? null },
      ...{ changes, next: outlook?.next ?? null, outOfDate: outlook?.reasons ?? null, pending },
      rolledBack: rolledBackObject(rolledBack),
      problems: error === undefined ? [] : errorObject(error).problems,
    });
    const lines = rolledBack === undefined ? [] : [rolledBackInWords(rolledBack)];
    context.output.result([...lines, ...explain(found)].join('\n'));
    if (error === undefined) return;
    context.output.problem('what a build would change is not known: the project cannot be read');
    context.output.problem(formatWarning(error));
    context.exitCode = exitCodeOf(error);
  });
}

function explain({ artifact, release, before, changes, outlook, pending }: Explanation): string[] {
  const name = artifact.fileName;
  return [
    ...(before === undefined
      ? [`${name} of ${release}: the store has no earlier build of it`]
      : [
          `${name} of ${release}, from that of ${before.release}:`,
          ...indented(
            changes.map(({ text }) => text),
            'no input differs: it was forced, or the bytes came out otherwise',
          ),
        ]),
    ...(outlook === undefined
      ? []
      : nextLines(
          outlook,
          pending.map(({ text }) => text),
        )),
  ];
}

const NEXT: Readonly<Record<Outlook['next'], string>> = {
  stays: 'it is up to date',
  built: 'a build would make it anew:',
  taken: 'a build would take one in its place that was built before:',
  dropped: 'a build would leave it out of the release:',
};

function nextLines({ next, reasons }: Outlook, changes: readonly string[]): string[] {
  if (next === 'stays') return [NEXT.stays];
  const more = reasons.filter((reason) => !changes.some((line) => line.startsWith(reason)));
  return [
    NEXT[next],
    ...indented([...changes, ...more], 'it has the same inputs, and other bytes'),
  ];
}

function indented(lines: readonly string[], otherwise: string): string[] {
  return (lines.length === 0 ? [otherwise] : lines).map((line) => `  ${line}`);
}
