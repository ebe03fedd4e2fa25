/**
 * Which packages of a new tree were only installed because others need them: apt's `extended_states`.
 *
 * What the bootstrapper leaves there depends on the suites that packages came from, so that a tree of the same
 * packages would differ. Here it follows from the packages alone.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fieldOf, installedParagraphs } from '../apt/package-index.js';

const STATUS = 'var/lib/dpkg/status';
const EXTENDED_STATES = 'var/lib/apt/extended_states';

/** @param requested As `packages` names them: `curl`, `curl:amd64`, `curl=8.14.1-2`, `curl/trixie`. */
export async function markAutomatic(
  tree: string,
  requested: readonly string[],
  architecture: string,
): Promise<void> {
  const status = await readFile(path.join(tree, STATUS));
  const text = automaticPackages(status, requested, architecture);
  await writeFile(path.join(tree, EXTENDED_STATES), text, { mode: 0o644 });
}

/** The file's content: of packages that are neither requested nor essential or required. */
export function automaticPackages(
  status: Buffer,
  requested: readonly string[],
  architecture: string,
): string {
  const wanted = new Set(requested.map((name) => name.replace(/[:=/].*$/, '')));
  return installedParagraphs(status)
    .filter((paragraph) => {
      const basic =
        fieldOf(paragraph, 'Essential') === 'yes' || fieldOf(paragraph, 'Priority') === 'required';
      return !basic && !wanted.has(fieldOf(paragraph, 'Package') ?? '');
    })
    .map((paragraph) => {
      const own = fieldOf(paragraph, 'Architecture') ?? 'all';
      return [
        `Package: ${fieldOf(paragraph, 'Package') ?? ''}`,
        // apt calls architecture-independent packages by its own architecture.
        `Architecture: ${own === 'all' ? architecture : own}`,
        'Auto-Installed: 1\n',
      ].join('\n');
    })
    .sort()
    .map((stanza) => `${stanza}\n`)
    .join('');
}
