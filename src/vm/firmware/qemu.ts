/** The emulator, and what it says about itself as data. */
import path from 'node:path';

export const QEMU = { program: 'qemu-system-x86_64', debianPackage: 'qemu-system-x86' } as const;

/** As QEMU calls it for short; its full name has a version. */
export const MACHINE_TYPE = 'q35';

/**
 * Directories in which QEMU looks for its own files, in its order, from `qemu-system-x86_64 -L help`:
 * one path a line, `/usr/bin/../share/qemu`.
 */
export function dataDirectories(help: string): string[] {
  const lines = help.split('\n').map((line) => line.trim());
  return [
    ...new Set(lines.filter((line) => line.startsWith('/')).map((line) => path.normalize(line))),
  ];
}

/**
 * The full name behind a short one, from `qemu-system-x86_64 -machine help`, whose lines look like
 * `q35  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-7.2)`; the name itself where it has no other.
 */
export function fullMachineName(help: string, name: string): string {
  const line = help.split('\n').find((candidate) => candidate.startsWith(`${name} `)) ?? '';
  return /\(alias of (\S+)\)/.exec(line)?.[1] ?? name;
}
