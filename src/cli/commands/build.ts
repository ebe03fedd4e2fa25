/** `onib build`: build what is out of date and make it the current release. */
import { Argument, InvalidArgumentError, type Command } from 'commander';
import { buildProject } from '../../build/engine/build.js';
import type { Wanted } from '../../plan/wanted-images.js';
import type { Config } from '../../project/config.js';
import { BuildReporter } from '../show/build-reporter.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { enterFailedTree, requireTerminal } from '../show/failed-tree.js';
import { openProject } from '../options/project.js';
import { requireRoot } from '../options/root.js';
import { KINDS, wantedOf, type WantedKind } from '../options/build-words.js';

interface BuildOptions {
  readonly force?: boolean;
  readonly refresh?: boolean;
  readonly jobs?: number;
  readonly shellOnError?: boolean;
  /** False with `--no-activate`. */
  readonly activate: boolean;
}

export function registerBuild(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'build',
    summary: 'build what is out of date and make it the current release',
    examples: [
      ['onib build all', 'everything in the project'],
      ['onib build overlay vars/my_overlay.yml', 'one overlay, and the base that it needs'],
    ],
  })
    .addArgument(new Argument('<kind>', 'what to build').choices(KINDS))
    .argument('[files...]', 'vars files; without them all of that kind')
    .option('--shell-on-error', 'when a step fails, open a shell in its tree as it was')
    .option('--force', 'build what is asked for, also where it is up to date')
    .option('--refresh', 'look for newer packages than onib.lock names, and use them')
    .option('--no-activate', 'make a release, and leave the current one current')
    .option('--jobs <n>', 'build so many images at a time (default: one per processor)', jobsOf)
    .action(async (kind: WantedKind, files: string[], options: BuildOptions) => {
      if (options.shellOnError === true) requireTerminal();
      requireRoot('build', 'trees are made with their owners, device nodes and mounts');
      const config = await openProject(context);
      const place = { root: config.root, directory: context.directory };
      const { force, refresh } = options;
      const how = {
        ...(force === true ? { force } : {}),
        ...(refresh === true ? { refresh } : {}),
      };
      await build(config, wantedOf(kind, files, place, how), options, context);
    });
}

function jobsOf(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1) throw new InvalidArgumentError('a number from 1 on');
  return jobs;
}

async function build(
  config: Config,
  wanted: Wanted,
  { jobs, shellOnError = false, activate }: BuildOptions,
  context: Context,
): Promise<void> {
  const { output, signal } = context;
  const started = performance.now();
  using reporter = new BuildReporter(output);
  const { plan, built, release, current } = await buildProject(config, wanted, {
    signal,
    ...(jobs === undefined ? {} : { jobs }),
    onEvent: reporter.onEvent,
    activate,
    ...(shellOnError ? { onFailedTree: (tree) => enterFailedTree(tree, reporter, output) } : {}),
  });
  reporter[Symbol.dispose]();
  const hasNewRelease = reporter.showSummary();
  output.object({
    schema: 'onib.build/1',
    built,
    release: release?.id ?? null,
    current,
    store: plan.store,
    seconds: (performance.now() - started) / 1000,
  });
  if (built.length === 0 && !hasNewRelease) {
    output.result(
      release === undefined
        ? 'nothing to build: the project has no images'
        : `nothing to build: release ${release.id} is up to date`,
    );
  }
}
