/** `onib rollback` and `onib activate`: which release is current. */
import type { Command } from 'commander';
import { lossInWords, lossLines } from '../../contract/lost-profiles.js';
import { activate, rollBack, type Switched } from '../../store/activate.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';

export function registerRollback(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'rollback',
    summary: 'make an earlier release the current one',
    examples: [
      ['onib rollback', 'the release that was current before'],
      ['onib rollback 20261120T140501Z-3f9c', 'this release'],
    ],
  }).argument('[id]', 'a release; default: the one before the current');
  addStoreOption(command).action(async (id: string | undefined, options: StoreOptions) => {
    tell('onib.rollback/1', await rollBack(await openStore(context, options), id), context);
  });
}

export function registerActivate(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'activate',
    summary: 'make a release the current one, whatever it can boot',
    examples: [
      ['onib activate 20261121T091500Z-77aa', 'this release; profiles that are lost are told'],
      ['onib activate 20261121T091500Z-77aa --json', 'the same as one JSON object'],
    ],
  }).argument('<id>', 'a release');
  addStoreOption(command).action(async (id: string, options: StoreOptions) => {
    tell('onib.activate/1', await activate(await openStore(context, options), id), context);
  });
}

function tell(schema: string, { now, before, lost }: Switched, { output }: Context): void {
  if (before !== undefined && lost.length > 0 && !output.json) {
    output.problem(`warning: release ${now}: ${lossInWords(lost, before)}`);
    for (const line of lossLines(lost)) output.problem(`  ${line}`);
  }
  output.object({ schema, release: now, before: before ?? null, lost });
  output.result(now === before ? `release ${now} is current already` : `release ${now} is current`);
}
