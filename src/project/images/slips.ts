/**
 * Slips of the pen in keys. Any unknown key is legal, as an Ansible variable; so a near miss of a
 * known key (`pakcages`) is an error only when nothing could read it: no role of the images that it
 * reaches mentions the name, and no other value is made from it.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { nearest } from '../../core/did-you-mean.js';
import type { OnibError } from '../../core/errors.js';
import type { ImageConfig } from '../config.js';
import type { ImageKind } from '../keys/kinds.js';
import { knownKeys } from '../keys/keys.js';
import { namesOf } from '../keys/key.js';
import { provisionerDirectories } from '../roles/provisioner-files.js';
import { configProblem } from '../yaml/problems.js';
import { filesBelow } from '../roles/role-reader.js';
import type { YamlFile } from '../yaml/yaml-file.js';

/** Above it a file is a vendor's binary, not something that mentions a variable. */
const MAX_TEXT_BYTES = 1024 * 1024;

export interface NearMiss {
  readonly yaml: YamlFile;
  readonly name: string;
  readonly meant: string;
  /** Images that the variable reaches. */
  readonly images: readonly ImageConfig[];
}

/** Unknown keys of a file that look like known ones. `kind` undefined: a file of group_vars. */
export function nearMisses(
  yaml: YamlFile,
  kind: ImageKind | undefined,
  images: readonly ImageConfig[],
): NearMiss[] {
  const known = new Set(knownKeys.flatMap(namesOf));
  const candidates = knownKeys
    .filter((key) => kind === undefined || key.kinds.includes(kind) || key.projectOnly === true)
    .flatMap(namesOf);
  return Object.keys(yaml.values).flatMap((name) => {
    const meant = known.has(name) ? undefined : nearest(name, candidates);
    return meant === undefined ? [] : [{ yaml, name, meant, images }];
  });
}

/** Those near misses that nothing reads, as problems. `values`: every variable of the project. */
export async function slips(
  misses: readonly NearMiss[],
  values: readonly unknown[],
): Promise<OnibError[]> {
  const used = JSON.stringify(values);
  const problems: OnibError[] = [];
  for (const { yaml, name, meant, images } of misses) {
    if (new RegExp(String.raw`\{[{%][^}]*\b${name}\b`).test(used)) continue;
    if (await isMentioned(name, images)) continue;
    problems.push(
      configProblem(
        'KEY',
        `Cannot use key "${name}": onib does not know it and no role mentions it`,
        yaml.place([name]),
        `did you mean "${meant}"?`,
      ),
    );
  }
  return problems;
}

async function isMentioned(name: string, images: readonly ImageConfig[]): Promise<boolean> {
  const word = new RegExp(String.raw`\b${name}\b`);
  for (const directory of provisionerDirectories(images)) {
    for (const file of await filesBelow(directory)) {
      if (file.size > MAX_TEXT_BYTES) continue;
      if (word.test(await readFile(path.join(directory, file.path), 'latin1'))) return true;
    }
  }
  return false;
}
