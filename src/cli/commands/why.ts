/** `onib why`: what made an artifact differ from its previous build, and what would change it now. */
import type { Command } from 'commander';
import { planProject } from '../../build/engine/build.js';
import { explainArtifact, type Explanation } from '../../build/explain/why.js';
import { Store } from '../../store/store.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { openProject } from '../options/project.js';

export function registerWhy(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'why',
    summary: 'what made an artifact differ from its previous build',
    examples: [
      ['onib why discovery', 'an overlay, with lines of its role files'],
      ['onib why base.trixie.squashfs', 'by file name'],
    ],
  })
    .argument('<artifact>', 'a file name, a name or a kind in the current release')
    .action(async (word: string) => {
      const config = await openProject(context);
      const store = new Store(config.settings.artifactPath);
      const found = await explainArtifact(word, store, await planProject(config, {}));
      const { artifact, release, before, changes, outOfDate, pending } = found;
      context.output.object({
        schema: 'onib.why/1',
        ...{ artifact: artifact.fileName, release, before: before?.release ?? null },
        ...{ changes, outOfDate, pending },
      });
      context.output.result(explain(found).join('\n'));
    });
}

function explain({
  artifact,
  release,
  before,
  changes,
  outOfDate,
  pending,
}: Explanation): string[] {
  const name = artifact.fileName;
  const lines = pending.map(({ text }) => text);
  const more = outOfDate.filter((reason) => !lines.some((line) => line.startsWith(reason)));
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
    ...(outOfDate.length === 0
      ? ['it is up to date']
      : ['a build would make it anew:', ...indented([...lines, ...more], '')]),
  ];
}

function indented(lines: readonly string[], otherwise: string): string[] {
  return (lines.length === 0 ? [otherwise] : lines).map((line) => `  ${line}`);
}
