/** All commands of onib. A command that does not work is not here. */
import { Command } from 'commander';
import { version } from '../core/package.js';
import { addGlobalOptions } from './options/command.js';
import type { Context, GlobalOptions } from './options/context.js';

type Register = (program: Command, context: Context) => void;

/** Adds commands to a program, in the order in which help tells them; loaded only for who names them. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  init: async () => (await import('./commands/init.js')).registerInit,
  new: async () => (await import('./commands/new.js')).registerNew,
  plan: async () => (await import('./commands/plan.js')).registerPlan,
  build: async () => (await import('./commands/build.js')).registerBuild,
  serve: async () => (await import('./commands/serve.js')).registerServe,
  boot: async () => (await import('./commands/boot.js')).registerBoot,
  status: async () => (await import('./commands/status.js')).registerStatus,
  why: async () => (await import('./commands/why.js')).registerWhy,
  releases: async () => (await import('./commands/releases.js')).registerReleases,
  rollback: async () => (await import('./commands/activate.js')).registerRollback,
  activate: async () => (await import('./commands/activate.js')).registerActivate,
  pin: async () => (await import('./commands/pin.js')).registerPin,
  unpin: async () => (await import('./commands/pin.js')).registerUnpin,
  gc: async () => (await import('./commands/gc.js')).registerGc,
  push: async () => (await import('./commands/push.js')).registerPush,
  ls: async () => (await import('./commands/ls.js')).registerLs,
  cat: async () => (await import('./commands/cat.js')).registerCat,
  extract: async () => (await import('./commands/extract.js')).registerExtract,
  diff: async () => (await import('./commands/diff.js')).registerDiff,
  verify: async () => (await import('./commands/verify.js')).registerVerify,
  doctor: async () => (await import('./commands/doctor.js')).registerDoctor,
};

/**
 * The program, ready to parse; its actions throw, they never end the process.
 *
 * @param argv Has the commands whose names stand in it; all of them where none does.
 */
export async function createProgram(
  context: Context,
  argv: readonly string[] = [],
): Promise<Command> {
  const program = new Command('onib')
    .description('Build netboot images in layers, prove that they boot, serve them to racks')
    .version(version, '-V, --version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.output.result(text.trimEnd()),
      // Usage errors are thrown, and printed where all errors are.
      writeErr: () => undefined,
      outputError: () => undefined,
    });
  addGlobalOptions(program);
  program.hook('preAction', (_, command) => {
    context.configure(command.optsWithGlobals<GlobalOptions>());
  });
  const named = Object.keys(COMMANDS).filter((name) => argv.includes(name));
  const all = named.length === 0 || argv.includes('--help') || argv.includes('-h');
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (all || named.includes(name)) (await load())(program, context);
  }
  return program;
}
