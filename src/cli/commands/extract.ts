/** `onib extract`: an artifact as a directory. */
import path from 'node:path';
import type { Command } from 'commander';
import { extractContents } from '../../archive/contents/extract.js';
import { withContents } from '../../archive/contents/with-contents.js';
import { addCommand } from '../options/command.js';
import { locateFile } from '../options/artifacts.js';
import type { Context } from '../options/context.js';
import { addStoreOption, type StoreOptions } from '../options/store.js';

export function registerExtract(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'extract',
    summary: 'unpack an artifact into a new directory, without mounting it',
    examples: [
      ['onib extract base /tmp/base', 'the base image of the current release'],
      ['onib extract builds/current/discovery.overlay.cpio.gz upper', 'any file of a known format'],
    ],
  })
    .argument('<artifact>', 'a file, or an artifact of the current release')
    .argument('<directory>', 'where to; it must not be there yet');
  addStoreOption(command).action(
    async (artifact: string, target: string, options: StoreOptions) => {
      const { name, file } = await locateFile(artifact, context, options);
      const directory = path.resolve(context.directory, target);
      const { entries, incomplete } = await withContents(
        file,
        async (contents) => await extractContents(contents, directory),
      );
      context.output.object({
        schema: 'onib.extract/1',
        artifact: name,
        directory,
        entries,
        incomplete,
      });
      context.output.result(`${String(entries)} names of ${name} are in ${directory}`);
      if (incomplete > 0) {
        context.output.problem(
          `warning: ${String(incomplete)} of them lack an owner, an attribute or a device node: that needs root`,
        );
      }
    },
  );
}
