/** `onib plan`: what a build would do and why. It needs no root and changes nothing. */
import type { Command } from 'commander';
import { planProject } from '../../build/engine/build.js';
import { describePlan } from '../../plan/describe.js';
import { readRolledBack } from '../../store/rolled-back.js';
import { Store } from '../../store/store.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { rolledBackInWords, rolledBackObject } from '../show/rolled-back.js';
import { openProject } from '../options/project.js';
import { formatPlan } from '../show/plan-view.js';
import { wantedOfWords } from '../options/build-words.js';

export function registerPlan(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'plan [what...]',
    summary: 'what would be built, in which order, and why',
    examples: [
      ['onib plan', 'everything that is out of date'],
      ['onib plan vars/discovery.yml', 'one image and what it needs'],
    ],
  })
    .option('--refresh', 'look for newer packages than onib.lock names')
    .action(async (what: string[], options: { refresh?: boolean }) => {
      const config = await openProject(context);
      const place = { root: config.root, directory: context.directory };
      const plan = describePlan(await planProject(config, wantedOfWords(what, place, options)));
      const rolledBack = await readRolledBack(new Store(config.settings.artifactPath));
      context.output.object({ ...plan, rolledBack: rolledBackObject(rolledBack) });
      const lines =
        rolledBack === undefined
          ? []
          : [`${rolledBackInWords(rolledBack)}: a build replaces release ${rolledBack.release}`];
      context.output.result([...lines, ...formatPlan(plan)].join('\n'));
    });
}
