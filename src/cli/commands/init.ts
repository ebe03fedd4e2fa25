/** `onib init`: a new project, commented, that builds as it is. */
import path from 'node:path';
import type { Command } from 'commander';
import { initProject } from '../../project/scaffold/scaffold.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';

export function registerInit(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'init [dir]',
    summary: 'write a new project: hosts, group_vars, vars, boot profiles',
    examples: [
      ['onib init', 'in this directory'],
      ['onib init /srv/images', 'in a directory that may not exist yet'],
    ],
  }).action(async (dir: string | undefined) => {
    const directory = path.resolve(context.directory, dir ?? '.');
    const files = await initProject(directory);
    const { output } = context;
    output.object({ schema: 'onib.init/1', directory, files });
    output.result(`new project in ${directory}: ${files.join(', ')}`);
    output.note(`next: cd ${directory} && onib new overlay <name>`);
  });
}
