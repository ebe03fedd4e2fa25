/** `onib verify`: is a release what was built? Digests, and every file of every archive read back. */
import type { Command } from 'commander';
import { brokenProfiles, readWhole, verifyArtifacts } from '../../build/verify-release.js';
import { OnibErrors, type OnibError } from '../../errors.js';
import { locate, type Located } from '../artifacts.js';
import { addCommand } from '../command.js';
import type { Context } from '../context.js';
import { formatBytes } from '../format.js';

export function registerVerify(program: Command, context: Context): void {
  addCommand(program, {
    usage: 'verify',
    summary: 'read a whole release back: digests, and every file in it',
    examples: [
      ['onib verify', 'the current release'],
      [
        'onib verify builds/releases/20261120T140501Z-3f9c',
        "a release's directory, wherever it is",
      ],
    ],
  })
    .argument('[what]', 'a release, or a file', 'current')
    .action(async (what: string) => {
      const located = await locate(what, context);
      if (located.kind === 'release') await verifyRelease(located, context);
      else await verifyFile(located, context);
    });
}

async function verifyRelease(
  { directory, release }: Extract<Located, { kind: 'release' }>,
  { output, signal }: Context,
): Promise<void> {
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
  output.object({ schema: 'onib.verify/1', release: release.id, artifacts });
  output.result(`release ${release.id} is as it was built`);
}

async function verifyFile(
  { name, file }: Extract<Located, { kind: 'file' }>,
  { output }: Context,
): Promise<void> {
  const { entries, fileBytes } = await readWhole(file);
  output.object({
    schema: 'onib.verify/1',
    release: null,
    artifacts: [{ fileName: name, ok: true, entries, fileBytes }],
  });
  output.result(`${output.style('ok', 'green')}  ${name}${countText(entries, fileBytes)}`);
}

function countText(entries: number | undefined, fileBytes = 0): string {
  if (entries === undefined) return '';
  return `: ${String(entries)} names, ${formatBytes(fileBytes)} of files`;
}
