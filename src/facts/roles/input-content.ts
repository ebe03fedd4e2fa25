/** The content of an input that is a file, by the name that inputs have for it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packagePath, packageRoot } from '../../core/package.js';

/**
 * What the file holds now, when that still is what the digest says; any content where none is given.
 *
 * @param name `role roles/overlay/x/tasks/main.yml`, `file ansible.cfg`, `template playbooks/wrapper.yml.njk`
 */
export async function inputContent(
  root: string,
  name: string,
  digest?: string,
): Promise<Buffer | undefined> {
  for (const file of placesOf(root, name)) {
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined) continue;
    if (digest === undefined || digestsOf(content).includes(digest)) return content;
  }
  return undefined;
}

function placesOf(root: string, name: string): string[] {
  const space = name.indexOf(' ');
  const [word, file] = [name.slice(0, space), name.slice(space + 1)];
  if (word === 'template') return [packagePath(file)];
  if (word === 'file') return [path.join(root, file)];
  return word === 'role' ? [path.resolve(root, file), path.resolve(packageRoot, file)] : [];
}

/** Role files count with their execute bit in front (role-files.ts), others as they are. */
function digestsOf(content: Buffer): string[] {
  return ['', '-', 'x'].map(
    (mark) => `sha256:${createHash('sha256').update(mark).update(content).digest('hex')}`,
  );
}
