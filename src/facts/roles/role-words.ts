/**
 * Which variables a role can use: those whose name stands in one of its files. Ansible takes
 * variables by name, so a name that stands nowhere is not used; files that look names up at run time
 * (`vars[…]`, `lookup('vars', …)`) may use any.
 */
import type { RoleFile, RoleReader } from '../../project/roles/role-reader.js';

/** Names in a set of files; undefined: any variable may be used. */
export type Words = ReadonlySet<string> | undefined;

interface FilesOf {
  /** Absolute path. */
  readonly directory: string;
  readonly files: readonly RoleFile[];
}

const LOOKS_UP =
  /\bvars\s*[[.|]|\bhostvars\b|lookup\(\s*['"](?:ansible\.builtin\.)?(?:vars|varnames)['"]|\bquery\(\s*['"]varnames/;
const NAME = /[A-Za-z_]\w*/g;

/** Names in all files below these directories, and in single files of another. */
export async function wordsBelow(
  directories: readonly string[],
  reader: RoleReader,
  named: FilesOf = { directory: '', files: [] },
): Promise<Words> {
  const words = new Set<string>();
  const places: FilesOf[] = [named];
  for (const directory of directories) {
    places.push({ directory, files: await reader.filesBelow(directory).catch(() => []) });
  }
  for (const { directory, files } of places) {
    for (const file of files) {
      const text = (await reader.text(directory, file)) ?? '';
      if (LOOKS_UP.test(text)) return undefined;
      for (const [word] of text.matchAll(NAME)) words.add(word);
    }
  }
  return words;
}
