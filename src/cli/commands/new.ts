/** `onib new`: a role and its vars file, commented, that builds as it is. */
import type { Command } from 'commander';
import type { ImageKind } from '../../project/keys/kinds.js';
import { findProject } from '../../project/find-project.js';
import { newImage } from '../../project/scaffold/scaffold.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';

const EXAMPLES: Readonly<Record<ImageKind, readonly [string, string][]>> = {
  overlay: [
    ['onib new overlay burn_in', 'roles/overlay/provision_burn_in and vars/burn_in.yml'],
    ['onib new overlay raid -C /srv/images', 'in another project'],
  ],
  base: [
    ['onib new base small', 'roles/basefs/provision_small and vars/small.yml'],
    ['onib new base bookworm_base', 'a second base beside the first'],
  ],
  initrd: [
    ['onib new initrd backports', 'roles/initrd/provision_backports and vars/backports.yml'],
    ['onib new initrd lts', 'another kernel set'],
  ],
};

export function registerNew(program: Command, context: Context): void {
  const command = program
    .command('new')
    .description('a role and its vars file, that builds as it is');
  for (const kind of ['overlay', 'base', 'initrd'] as const) {
    addCommand(command, {
      usage: `${kind} <name>`,
      summary: `a new ${kind === 'initrd' ? 'kernel set' : kind}: its role and vars file`,
      examples: EXAMPLES[kind],
    }).action(async (name: string) => {
      const root = findProject(context.directory);
      const files = await newImage(root, kind, name);
      const { output } = context;
      output.object({ schema: 'onib.new/1', kind, name, project: root, files });
      output.result(files.map((file) => `wrote ${file}`).join('\n'));
      output.note(`next: onib build ${kind} vars/${name}.yml`);
    });
  }
}
