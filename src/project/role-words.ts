/**
 * Which variables a role can use: those whose name stands in one of its files. Ansible takes
 * variables by name, so a name that stands nowhere is not used; files that look names up at run time
 * (`vars[…]`, `lookup('vars', …)`) may use any.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { filesBelow } from './role-files.js';

/** Names in a set of files; undefined: any variable may be used. */
export type Words = ReadonlySet<string> | undefined;

const LOOKS_UP =
  /\bvars\s*[[.|]|\bhostvars\b|lookup\(\s*['"](?:ansible\.builtin\.)?(?:vars|varnames)['"]|\bquery\(\s*['"]varnames/;
const NAME = /[A-Za-z_]\w*/g;
/** Larger files are payload: a template or task file is text for people. */
const MAX_BYTES = 1024 * 1024;

/** Names in all files below these directories. */
export async function wordsBelow(directories: readonly string[]): Promise<Words> {
  const words = new Set<string>();
  for (const directory of directories) {
    for (const file of await filesBelow(directory).catch(() => [])) {
      if (file.size > MAX_BYTES) continue;
      const text = await readFile(path.join(directory, file.path), 'latin1').catch(() => '');
      if (text.includes('\0')) continue;
      if (LOOKS_UP.test(text)) return undefined;
      for (const [word] of text.matchAll(NAME)) words.add(word);
    }
  }
  return words;
}
