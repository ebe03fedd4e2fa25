/**
 * The modules layer: what a booted node can load, chosen by directories and globs of the vars file,
 * with everything that the chosen modules depend on (modules.dep(5)).
 */
import { chmod, copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { OnibError } from '../../core/errors.js';

/** Tables that depmod reads; the others it writes. */
const DEPMOD_INPUTS = ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'];

/**
 * Copies the chosen modules of a kernel into `layer`, rooted at usr/lib/modules/<version>.
 * The caller runs depmod on it.
 *
 * @param root Absolute path of the tree that holds the kernel's packages.
 * @param patterns Directories or globs below `kernel/`; a leading `!` takes out again.
 * @throws {OnibError} `MODULES_UNKNOWN` when a pattern matches nothing.
 */
export async function copyModules(
  root: string,
  version: string,
  patterns: readonly string[],
  layer: string,
): Promise<void> {
  const inTree = path.join('usr/lib/modules', version);
  const source = path.join(root, inTree);
  const table = parseModulesDep(await readFile(path.join(source, 'modules.dep'), 'utf8'));
  const present = new Set(await readdir(source));
  const files = [
    ...chooseModules(table, patterns),
    ...DEPMOD_INPUTS.filter((name) => present.has(name)),
  ];
  for (const file of files) {
    const target = path.join(layer, inTree, file);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
    await copyFile(path.join(source, file), target);
    await chmod(target, 0o644);
  }
}

/** `kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz …`, a line per module. */
export function parseModulesDep(text: string): Map<string, readonly string[]> {
  const table = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [module = '', needs = ''] = line.split(':');
    if (module !== '')
      table.set(
        module,
        needs.split(' ').filter((need) => need !== ''),
      );
  }
  return table;
}

/** The modules that the patterns choose and all that those depend on, sorted. */
export function chooseModules(
  table: ReadonlyMap<string, readonly string[]>,
  patterns: readonly string[],
): string[] {
  const modules = [...table.keys()];
  const chosen = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const excluded = pattern.startsWith('!');
    const expression = modulePattern(excluded ? pattern.slice(1) : pattern);
    const matches = modules.filter((module) => expression.test(module));
    if (matches.length === 0) unmatched.push(pattern);
    for (const module of matches) {
      if (excluded) chosen.delete(module);
      else chosen.add(module);
    }
  }
  if (unmatched.length > 0) {
    throw new OnibError(
      'MODULES_UNKNOWN',
      `Cannot select kernel modules "${unmatched.join(', ')}": this kernel has none of that name`,
      { hint: 'patterns are directories or globs below /usr/lib/modules/<version>/kernel' },
    );
  }
  // A Set's iteration also visits what is added during it, so dependencies of dependencies come along.
  for (const module of chosen) for (const need of table.get(module) ?? []) chosen.add(need);
  return [...chosen].sort();
}

/** A directory stands for all below it; `*` for any characters but a slash. */
function modulePattern(pattern: string): RegExp {
  const expression = pattern
    .replace(/\/+$/, '')
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*');
  return new RegExp(`^kernel/${expression}(/|$)`);
}
