/** `sudo onib …` as it works on this machine: sudo looks for programs in directories of its own (sudoers(5), secure_path). */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** secure_path as Debian has it. */
const SECURE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.split(':');

/** What onib needs there: itself, and the interpreter of its first line. */
const PROGRAMS = ['onib', 'node'];

/** A hint that has `sudo onib …`, with the caller's PATH handed over where sudo would not find onib. */
export function withWorkingSudo(
  hint: string | undefined,
  directories: readonly string[] = SECURE_PATH,
): string | undefined {
  if (hint?.includes('sudo onib ') !== true) return hint;
  const found = PROGRAMS.every((program) =>
    directories.some((directory) => mayRun(path.join(directory, program))),
  );
  return found ? hint : hint.replaceAll('sudo onib ', 'sudo env PATH="$PATH" onib ');
}

function mayRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
