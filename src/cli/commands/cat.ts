/** `onib cat`: a file of an artifact, as it is. */
import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { byteString, displayName } from '../../core/byte-string.js';
import { withContents, type ArtifactContents } from '../../archive/contents/with-contents.js';
import { followPath } from '../../archive/contents/read.js';
import { OnibError } from '../../core/errors.js';
import { locateFile } from '../options/artifacts.js';
import { addCommand } from '../options/command.js';
import type { Context } from '../options/context.js';
import { addStoreOption, type StoreOptions } from '../options/store.js';
import { pathUnknown } from './ls.js';

export function registerCat(program: Command, context: Context): void {
  const command = addCommand(program, {
    usage: 'cat',
    summary: 'write a file of an artifact to standard output',
    examples: [
      ['onib cat base /etc/os-release', 'links are followed inside the artifact'],
      ['onib cat builds/current/example.overlay.cpio.gz etc/motd', 'any file of a known format'],
    ],
  })
    .argument('<artifact>', 'a file, or an artifact of the current release')
    .argument('<path>', 'file inside it');
  addStoreOption(command).action(async (artifact: string, path: string, options: StoreOptions) => {
    const { name, file } = await locateFile(artifact, context, options);
    await withContents(file, async (contents) => {
      await show(contents, name, path, context);
    });
  });
}

async function show(
  contents: ArtifactContents,
  name: string,
  path: string,
  { output }: Context,
): Promise<void> {
  const entry = followPath(contents.entries, byteString(path));
  if (entry === undefined) throw pathUnknown(name, path);
  if (entry.kind !== 'file') {
    throw new OnibError('NOT_A_FILE', `Cannot show "${path}": in ${name} it is a ${entry.kind}`, {
      hint: `onib ls ${name} ${path}`,
    });
  }
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  for await (const { bytes } of contents.files((one) => one === entry.path)) {
    for await (const piece of bytes) {
      hash.update(piece);
      if (output.json) kept.push(Buffer.from(piece));
      else output.raw(piece);
    }
  }
  output.object({
    schema: 'onib.cat/1',
    artifact: name,
    path: displayName(entry.path),
    size: entry.size,
    digest: `sha256:${hash.digest('hex')}`,
    base64: Buffer.concat(kept).toString('base64'),
  });
}
