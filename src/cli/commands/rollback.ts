/** `onib rollback`: back to an earlier release. */
import type { Command } from 'commander';
import { rollBack } from '../../store/releases.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';

export function registerRollback(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'rollback',
    summary: 'make an earlier release the current one',
    examples: [
      ['onib rollback', 'the release before the current one'],
      ['onib rollback 20261120T140501Z-3f9c', 'this release'],
    ],
  }).argument('[id]', 'a release; default: the one before the current');
  addStoreOption(command).action(async (id: string | undefined, options: StoreOptions) => {
    const { now, before } = await rollBack(await openStore(context, options), id);
    context.output.object({ schema: 'onib.rollback/1', release: now, before: before ?? null });
    context.output.result(
      now === before ? `release ${now} is current already` : `release ${now} is current`,
    );
  });
}
