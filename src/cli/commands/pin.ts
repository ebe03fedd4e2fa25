/** `onib pin` and `onib unpin`: what gc has to keep. */
import type { Command } from 'commander';
import { setPin } from '../../store/releases.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';

export function registerPin(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'pin',
    summary: 'have gc keep a release',
    examples: [
      ['onib pin', 'the current release'],
      ['onib pin 20261120T140501Z-3f9c', 'this release'],
    ],
  }).argument('[id]', 'a release', 'current');
  addStoreOption(command).action(async (id: string, options: StoreOptions) => {
    await pin(id, true, options, context);
  });
}

export function registerUnpin(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'unpin',
    summary: 'let gc remove a release again',
    examples: [
      ['onib unpin', 'the current release'],
      ['onib unpin 20261120T140501Z-3f9c', 'this release'],
    ],
  }).argument('[id]', 'a release', 'current');
  addStoreOption(command).action(async (id: string, options: StoreOptions) => {
    await pin(id, false, options, context);
  });
}

async function pin(
  id: string,
  pinned: boolean,
  options: StoreOptions,
  context: Context,
): Promise<void> {
  const release = await setPin(await openStore(context, options), id, pinned);
  context.output.object({ schema: 'onib.pin/1', release, pinned });
  context.output.result(`release ${release} is ${pinned ? 'pinned' : 'not pinned'}`);
}
