/**
 * Where onib's own files are: roles, templates and compiled modules, whether the code runs
 * compiled from `dist/` or as TypeScript under vitest.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

function findPackageRoot(): string {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(directory, 'package.json'))) directory = path.dirname(directory);
  return directory;
}

/** Absolute path of the directory that holds onib's package.json. */
export const packageRoot = findPackageRoot();

/** Absolute path of one of onib's own files: `packagePath('roles', 'overlay')`. */
export function packagePath(...segments: string[]): string {
  return path.join(packageRoot, ...segments);
}

/** Absolute path of a compiled module, for child processes and worker threads: `compiledPath('src/host/x.js')`. */
export function compiledPath(module: string): string {
  return path.join(packageRoot, 'dist', module);
}

/** onib's version, from package.json. */
export const version = (
  JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;
