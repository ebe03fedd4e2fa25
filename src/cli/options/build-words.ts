/** What a user asks for on the command line, as planning takes it. */
import path from 'node:path';
import type { Wanted } from '../../plan/wanted-images.js';

export const KINDS = ['base', 'overlay', 'initrd', 'all'] as const;

export type WantedKind = (typeof KINDS)[number];

interface Place {
  /** Absolute path of the project. */
  readonly root: string;
  /** Absolute path that relative file names start from. */
  readonly directory: string;
}

/** A vars file as the project names it: `vars/x.yml`; what lies elsewhere, or is a bare name, stays as written. */
function inProject(file: string, { root, directory }: Place): string {
  if (!file.includes('/')) return file;
  const relative = path.relative(root, path.resolve(directory, file));
  return relative.startsWith('vars/') ? relative : file;
}

export function wantedOf(
  kind: WantedKind,
  files: readonly string[],
  place: Place,
  how: Pick<Wanted, 'force' | 'refresh'> = {},
): Wanted {
  return {
    ...(kind === 'all' ? {} : { kinds: [kind] }),
    files: files.map((file) => inProject(file, place)),
    ...how,
  };
}

/** `onib plan`'s words: a kind, or files, or a kind and files; none means everything. */
export function wantedOfWords(
  words: readonly string[],
  place: Place,
  how: Pick<Wanted, 'force' | 'refresh'> = {},
): Wanted {
  const [first, ...rest] = words;
  const kind = KINDS.find((one) => one === first);
  return kind === undefined ? wantedOf('all', words, place, how) : wantedOf(kind, rest, place, how);
}
