/** `onib ls`: what is in an artifact, or which artifacts are in a release. */
import { Option, type Command } from 'commander';
import { byteString, type ByteString } from '../../core/byte-string.js';
import {
  withContents,
  type ArtifactContents,
  type ContentEntry,
} from '../../archive/contents/with-contents.js';
import { readPackages } from '../../archive/contents/package-table.js';
import { followPath } from '../../archive/contents/read.js';
import { directoryOf, totalsBy, type Total } from '../../archive/contents/totals.js';
import type { Artifact } from '../../contract/release-manifest.js';
import { OnibError } from '../../core/errors.js';
import { locate, type Located } from '../options/artifacts.js';
import { addCommand } from '../options/command.js';
import { entryObject, entryTable, totalTable } from '../show/contents-view.js';
import type { Context } from '../options/context.js';
import { addStoreOption, type StoreOptions } from '../options/store.js';
import { formatBytes, formatTable } from '../show/format.js';

interface LsOptions extends StoreOptions {
  readonly by?: 'directory' | 'package';
}

export function registerLs(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'ls',
    summary: 'list an artifact, or a release, without mounting it',
    examples: [
      ['onib ls base /etc/systemd', 'what the base image of the current release has there'],
      ['onib ls discovery --by package', 'bytes of an overlay by Debian package'],
    ],
  })
    .argument('<artifact>', 'a file, a release, current, or an artifact of the current release')
    .argument('[path]', 'only this path and what is below it')
    .addOption(
      new Option('--by <group>', 'sum up bytes instead').choices(['directory', 'package']),
    );
  addStoreOption(command).action(
    async (artifact: string, path: string | undefined, options: LsOptions) => {
      const located = await locate(artifact, context, options);
      if (located.kind === 'release') listRelease(located, context);
      else if (
        located.artifact !== undefined &&
        isOnePiece(located.artifact) &&
        path === undefined
      ) {
        showOnePiece(located.artifact, context);
      } else await listFile(located, path ?? '', options, context);
    },
  );
}

/** A kernel or a boot loader: there is nothing in it to list. */
function isOnePiece({ format }: Artifact): boolean {
  return format === 'bzImage' || format === 'binary';
}

function showOnePiece({ fileName, kind, format, size }: Artifact, { output }: Context): void {
  output.object({ schema: 'onib.ls/1', artifact: fileName, format, archives: [], entries: [] });
  output.result(formatTable([[formatBytes(size), kind, format, fileName]], ['right']).join('\n'));
  output.note(`${fileName} holds no files; onib ls current lists what else there is`);
}

function listRelease(located: Extract<Located, { kind: 'release' }>, context: Context): void {
  const { artifacts } = located.release;
  context.output.object({
    schema: 'onib.ls/1',
    artifact: located.name,
    format: 'release',
    artifacts: artifacts.map(({ fileName, kind, format, size, digest }) => ({
      ...{ fileName, kind, format, size, digest },
    })),
  });
  const rows = artifacts.map(({ fileName, kind, format, size }) => [
    ...[formatBytes(size), kind, format, fileName],
  ]);
  context.output.result(formatTable(rows, ['right']).join('\n'));
}

async function listFile(
  { name, file }: Extract<Located, { kind: 'file' }>,
  path: string,
  { by }: LsOptions,
  context: Context,
): Promise<void> {
  await withContents(file, async (contents) => {
    const entries = entriesBelow(contents, name, byteString(path));
    const totals = by === undefined ? undefined : await totalsOf(contents, entries, by);
    context.output.object({
      schema: 'onib.ls/1',
      artifact: name,
      format: contents.format,
      archives: contents.segments,
      ...(totals === undefined
        ? { entries: entries.map(entryObject) }
        : { by, totals: totals.map(totalObject) }),
    });
    const lines = totals === undefined ? entryTable(entries) : totalTable(totals);
    context.output.result(lines.join('\n'));
    if (contents.segments.length < 2) return;
    const archives = contents.segments.map(
      (one, index) => `${String(index + 1)}: ${String(one.entries)} entries, ${one.compression}`,
    );
    context.output.note(`archives in ${name}: ${archives.join('; ')}`);
  });
}

function totalObject({ name, bytes, files }: Total): Record<string, unknown> {
  return { name, bytes, files };
}

/** The path's own entry and all below it; of a link to a directory, what is in that. */
function entriesBelow(
  contents: ArtifactContents,
  name: string,
  path: ByteString,
): readonly ContentEntry[] {
  const all = [...contents.entries.values()];
  const below = path.split('/').filter((part) => part !== '' && part !== '.');
  if (below.length === 0) return all;
  const entry = contents.entries.get(below.join('/'));
  const target =
    entry?.kind === 'symlink' && !path.endsWith('/') ? entry : followPath(contents.entries, path);
  if (target === undefined) throw pathUnknown(name, path);
  return all.filter((one) => one.path === target.path || one.path.startsWith(`${target.path}/`));
}

export function pathUnknown(name: string, path: string): OnibError {
  return new OnibError('PATH_UNKNOWN', `Cannot show "${path}": ${name} has no such path`, {
    hint: `onib ls ${name} lists what there is`,
  });
}

async function totalsOf(
  contents: ArtifactContents,
  entries: readonly ContentEntry[],
  by: 'directory' | 'package',
): Promise<Total[]> {
  if (by === 'directory') return totalsBy(entries, directoryOf);
  const { owners } = await readPackages(contents);
  return totalsBy(entries, (path) => owners.get(path) ?? '(no package)');
}
