/** `onib diff`: what differs between two artifacts or two releases, without mounting them. */
import path from 'node:path';
import type { Command } from 'commander';
import { archiveFormat } from '../../archive/contents/with-contents.js';
import { compareArtifacts, type Comparison } from '../../archive/contents/compare.js';
import { pairArtifacts } from '../../build/explain/release-diff.js';
import { EXIT, OnibError } from '../../core/errors.js';
import { locate, type Located } from '../options/artifacts.js';
import { addCommand } from '../options/command.js';
import {
  changeObject,
  changeTable,
  isTimeOnly,
  totalTable,
  versionLines,
} from '../show/contents-view.js';
import type { Context } from '../options/context.js';
import { addStoreOption, type StoreOptions } from '../options/store.js';
import { formatBytes } from '../show/format.js';
import type { Output } from '../show/output.js';

interface Difference {
  readonly name: string;
  readonly change: 'same' | 'added' | 'removed' | 'changed';
  readonly before?: number;
  readonly after?: number;
  /** Absent for what holds no tree. */
  readonly comparison?: Comparison;
}

export function registerDiff(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'diff',
    summary: 'what differs between two artifacts, or two releases',
    examples: [
      ['onib diff 20261120T140501Z-3f9c current', 'two releases, artifact by artifact'],
      ['onib diff old.squashfs base', 'a file, and the base image of the current release'],
    ],
  })
    .argument('<a>', 'a file, a release, current, or an artifact of the current release')
    .argument('<b>', 'what it became');
  addStoreOption(command).action(async (a: string, b: string, options: StoreOptions) => {
    const before = await locate(a, context, options);
    const after = await locate(b, context, options);
    const { output, signal } = context;
    const differences: Difference[] = [];
    for await (const difference of differencesOf(before, after)) {
      signal.throwIfAborted();
      differences.push(difference);
      show(difference, output);
    }
    const equal = differences.every(({ change }) => change === 'same');
    if (equal) output.result('no difference');
    output.object({
      schema: 'onib.diff/1',
      a: before.name,
      b: after.name,
      equal,
      artifacts: differences.map(differenceObject),
    });
  });
}

async function* differencesOf(a: Located, b: Located): AsyncGenerator<Difference> {
  if (a.kind === 'file' && b.kind === 'file') {
    yield await compareFiles(b.name, a.file, b.file);
  } else if (a.kind === 'release' && b.kind === 'release') {
    for (const { before, after } of pairArtifacts(a.release.artifacts, b.release.artifacts)) {
      const name = (after ?? before)?.fileName ?? '';
      const sizes = {
        ...(before === undefined ? {} : { before: before.size }),
        ...(after === undefined ? {} : { after: after.size }),
      };
      if (before === undefined) yield { name, change: 'added', ...sizes };
      else if (after === undefined) yield { name, change: 'removed', ...sizes };
      else if (before.digest === after.digest) yield { name, change: 'same', ...sizes };
      else {
        const files = [
          path.join(a.directory, before.fileName),
          path.join(b.directory, name),
        ] as const;
        yield { ...(await compareFiles(name, ...files)), ...sizes, change: 'changed' };
      }
    }
  } else {
    throw new OnibError(
      'NOT_COMPARABLE',
      `Cannot compare "${a.name}" with "${b.name}": one is a release`,
      {
        hint: 'name two releases, or two artifacts',
        exitCode: EXIT.usage,
      },
    );
  }
}

async function compareFiles(name: string, a: string, b: string): Promise<Difference> {
  const trees = [await archiveFormat(a), await archiveFormat(b)];
  if (trees.includes(undefined)) return { name, change: 'changed' };
  const comparison = await compareArtifacts(a, b);
  return { name, change: comparison.changes.length === 0 ? 'same' : 'changed', comparison };
}

function show({ name, change, before, after, comparison }: Difference, output: Output): void {
  if (change === 'same') return;
  const sizes = [before, after].flatMap((size) => (size === undefined ? [] : [formatBytes(size)]));
  const head = `${name}: ${change}${sizes.length === 0 ? '' : ` (${sizes.join(' → ')})`}`;
  output.result(output.style(head, 'bold'));
  if (comparison === undefined) return;
  const { changes, packages, byDirectory, byPackage } = comparison;
  const blocks = [
    changeTable(changes),
    ['packages:', ...versionLines(packages)],
    ['bytes by directory:', ...totalTable(byDirectory, true)],
    ['bytes by package:', ...totalTable(byPackage, true)],
  ];
  const [table = [], ...groups] = blocks;
  const lines = [...table, ...groups.filter(({ length }) => length > 1).flat(), countLine(changes)];
  output.result(lines.map((line) => `  ${line}`).join('\n'));
}

function countLine(changes: Comparison['changes']): string {
  const count = (what: string): string =>
    `${String(changes.filter(({ change }) => change === what).length)} ${what}`;
  const times = changes.filter(isTimeOnly).length;
  return `${count('added')}, ${count('removed')}, ${count('changed')}; of those ${String(times)} in their time only`;
}

function differenceObject(difference: Difference): Record<string, unknown> {
  const { name, change, before, after, comparison } = difference;
  return {
    name,
    change,
    before: before ?? null,
    after: after ?? null,
    ...(comparison === undefined
      ? {}
      : { ...comparison, changes: comparison.changes.map(changeObject) }),
  };
}
