/** All commands of onib. A command that does not work is not here. */
import { Command } from 'commander';
import { version } from '../package.js';
import { addGlobalOptions } from './command.js';
import { registerBoot } from './commands/boot.js';
import { registerBuild } from './commands/build.js';
import { registerCat } from './commands/cat.js';
import { registerDiff } from './commands/diff.js';
import { registerDoctor } from './commands/doctor.js';
import { registerExtract } from './commands/extract.js';
import { registerInit } from './commands/init.js';
import { registerLs } from './commands/ls.js';
import { registerNew } from './commands/new.js';
import { registerPlan } from './commands/plan.js';
import {
  registerGc,
  registerPin,
  registerReleases,
  registerRollback,
} from './commands/releases.js';
import { registerServe } from './commands/serve.js';
import { registerStatus } from './commands/status.js';
import { registerVerify } from './commands/verify.js';
import { registerWhy } from './commands/why.js';
import type { Context, GlobalOptions } from './context.js';

/** The program, ready to parse; its actions throw, they never end the process. */
export function createProgram(context: Context): Command {
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
  registerInit(program, context);
  registerNew(program, context);
  registerPlan(program, context);
  registerBuild(program, context);
  registerServe(program, context);
  registerBoot(program, context);
  registerStatus(program, context);
  registerWhy(program, context);
  registerReleases(program, context);
  registerRollback(program, context);
  registerPin(program, context);
  registerGc(program, context);
  registerLs(program, context);
  registerCat(program, context);
  registerExtract(program, context);
  registerDiff(program, context);
  registerVerify(program, context);
  registerDoctor(program, context);
  return program;
}
