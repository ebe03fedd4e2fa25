/** `onib verify`: is a release what was built? Digests, and every file of every archive read back. */
import type { Command } from 'commander';
import {
  brokenProfiles,
  readWhole,
  verifyArtifact,
  verifyArtifacts,
} from '../../build/checks/verify-release.js';
import { rebuildRelease } from '../../build/explain/rebuild.js';
import { EXIT, OnibError, OnibErrors } from '../../core/errors.js';
import type { ReleaseManifest } from '../../contract/release-manifest.js';
import { locate, type Located } from '../options/artifacts.js';
import { BuildReporter } from '../show/build-reporter.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, type StoreOptions } from '../options/store.js';
import { formatBytes } from '../show/format.js';
import { openProject } from '../options/project.js';
import { requireRoot } from '../options/root.js';

interface Verification {
  readonly schema: 'onib.verify/1';
  readonly release: string;
  readonly artifacts: readonly Record<string, unknown>[];
}

interface VerifyOptions extends StoreOptions {
  readonly rebuild?: boolean;
}

export function registerVerify(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'verify',
    summary: 'read a whole release back: digests, and every file in it',
    examples: [
      ['onib verify', 'the current release'],
      [
        'onib verify builds/releases/20261120T140501Z-3f9c',
        "a release's directory, wherever it is",
      ],
      ['onib verify --rebuild', 'build the current release again and compare it bit by bit'],
    ],
  })
    .argument('[what]', 'a release, or a file', 'current')
    .option('--rebuild', 'build the current release again, elsewhere, and compare it bit by bit');
  addStoreOption(command).action(async (what: string, { rebuild, ...options }: VerifyOptions) => {
    if (rebuild === true && what !== 'current') throw onlyCurrent(what);
    if (rebuild === true && options.store !== undefined) throw needsProject();
    const located = await locate(what, context, options);
    if (located.kind !== 'release') await verifyFile(located, context);
    else {
      const verified = await verifyRelease(located, context);
      const rebuilt = rebuild === true ? await rebuildCurrent(located.release, context) : {};
      context.output.object({ ...verified, ...rebuilt });
    }
  });
}

function onlyCurrent(what: string): OnibError {
  return new OnibError('USAGE', `Cannot build "${what}" again: only the current release can be`, {
    hint: 'onib verify --rebuild',
    exitCode: EXIT.usage,
  });
}

function needsProject(): OnibError {
  return new OnibError(
    'USAGE',
    'Cannot build "--store" again: that needs the project that it was built from',
    {
      hint: 'onib verify --rebuild in the project',
      exitCode: EXIT.usage,
    },
  );
}

async function rebuildCurrent(
  release: ReleaseManifest,
  context: Context,
): Promise<{ readonly rebuilt: true }> {
  requireRoot('verify --rebuild', 'trees are made with their owners, device nodes and mounts');
  const { output, signal } = context;
  const config = await openProject(context);
  using reporter = new BuildReporter(output);
  const rebuilt = await rebuildRelease(config, release, { signal, onEvent: reporter.onEvent });
  reporter[Symbol.dispose]();
  for (const { artifact, problem } of rebuilt) {
    const state =
      problem === undefined ? output.style('same', 'green') : output.style('OTHER', 'red');
    output.result(`${state}  ${artifact.fileName}`);
  }
  const problems = rebuilt.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  if (problems.length > 0) throw new OnibErrors(problems);
  output.result(`release ${release.id} is the same when it is built again`);
  return { rebuilt: true };
}

async function verifyRelease(
  { directory, release }: Extract<Located, { kind: 'release' }>,
  { output, signal }: Context,
): Promise<Verification> {
  const problems: OnibError[] = [];
  const artifacts: Record<string, unknown>[] = [];
  for await (const found of verifyArtifacts(directory, release, signal)) {
    const { artifact, problem, entries, fileBytes } = found;
    if (problem !== undefined) problems.push(problem);
    artifacts.push({
      fileName: artifact.fileName,
      ok: problem === undefined,
      ...(entries === undefined ? {} : { entries, fileBytes }),
    });
    const state = problem === undefined ? output.style('ok', 'green') : output.style('BAD', 'red');
    output.result(`${state}  ${artifact.fileName}${countText(entries, fileBytes)}`);
  }
  problems.push(...brokenProfiles(release));
  if (problems.length > 0) throw new OnibErrors(problems);
  output.result(`release ${release.id} is as it was built`);
  return { schema: 'onib.verify/1', release: release.id, artifacts };
}

async function verifyFile(
  { name, file, artifact }: Extract<Located, { kind: 'file' }>,
  { output }: Context,
): Promise<void> {
  const { entries, fileBytes } =
    artifact === undefined ? await readWhole(file) : await verifyArtifact(file, artifact);
  output.object({
    schema: 'onib.verify/1',
    release: null,
    artifacts: [
      { fileName: name, ok: true, ...(entries === undefined ? {} : { entries, fileBytes }) },
    ],
  });
  output.result(`${output.style('ok', 'green')}  ${name}${countText(entries, fileBytes)}`);
}

function countText(entries: number | undefined, fileBytes = 0): string {
  if (entries === undefined) return '';
  return `: ${String(entries)} names, ${formatBytes(fileBytes)} of files`;
}
