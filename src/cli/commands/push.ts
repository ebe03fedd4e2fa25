/** `onib push`: a release to the machine that serves it. */
import type { Command } from 'commander';
import { destinationText, parseDestination } from '../../store/push/destination.js';
import { pushRelease, type PushOptions } from '../../store/push/push.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, openStore, type StoreOptions } from '../options/store.js';
import { formatBytes } from '../show/format.js';
import { rolledBackInWords } from '../show/rolled-back.js';

interface PushCommandOptions extends StoreOptions {
  readonly release: string;
  /** `--activate`, `--no-activate`, or neither. */
  readonly activate?: boolean;
  readonly ssh: string;
}

const WHEN: Readonly<Record<string, PushOptions['activate']>> = { true: 'always', false: 'never' };

export function registerPush(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'push',
    summary: 'copy a release to the machine that serves it, and make it current there',
    examples: [
      ['onib push admin@boot1:/srv/onib', 'what is missing there, by ssh; then the switch'],
      ['onib push /mnt/usb/onib --no-activate', 'to a directory, without the switch'],
    ],
  })
    .argument('<destination>', 'a directory, or host:directory, or user@host:directory')
    .option('--release <id>', 'this release', 'current')
    .option('--activate', 'make it current there also where nodes lose a profile by it')
    .option('--no-activate', 'copy it, and leave what is current there as it is')
    .option('--ssh <command>', 'how the host is reached', 'ssh');
  addStoreOption(command).action(async (to: string, options: PushCommandOptions) => {
    const { output, signal, directory } = context;
    const destination = parseDestination(to, directory);
    const pushed = await pushRelease(await openStore(context, options), {
      ...{ destination, signal, ssh: options.ssh, release: options.release },
      activate: WHEN[String(options.activate)] ?? 'unless-lost',
      onCopy: ({ objects, bytes, of }) => {
        output.event(
          `${String(objects)} of ${String(of)} files are missing there: ${formatBytes(bytes)}`,
        );
      },
      onRolledBack: (rolledBack) => {
        const words = rolledBackInWords(rolledBack);
        output.event(`${words} there: this push replaces release ${rolledBack.release}`);
      },
    });
    const { before = null, ...rest } = pushed;
    const name = destinationText(destination);
    output.object({ schema: 'onib.push/1', destination: name, ...rest, before });
    const state = pushed.current ? 'is current' : 'is there, and not current';
    output.result(`release ${pushed.release} ${state} at ${name}`);
  });
}
