/** Whether the keys of a vars file belong there. */
import type { OnibError } from '../../core/errors.js';
import { namesOf, type Key } from '../keys/key.js';
import { knownKeys } from '../keys/keys.js';
import { withArticle, type ImageKind } from '../keys/kinds.js';
import { shown } from '../keys/values.js';
import { configProblem } from '../yaml/problems.js';
import type { YamlFile } from '../yaml/yaml-file.js';

export function checkVariableNames(yaml: YamlFile, problems: OnibError[]): void {
  for (const name of Object.keys(yaml.values)) {
    if (/^[A-Za-z_]\w*$/.test(name)) continue;
    problems.push(
      configProblem(
        'VARIABLE',
        `Cannot use key "${shown(name)}": it cannot be an Ansible variable`,
        yaml.place([name]),
        'a name has letters, digits and "_", and begins with a letter',
      ),
    );
  }
}

export function checkKeysOfKind(yaml: YamlFile, kind: ImageKind, problems: OnibError[]): void {
  for (const key of knownKeys) {
    if (key.kinds.includes(kind) || key.common === true) continue;
    for (const name of namesOf(key).filter((one) => yaml.values[one] !== undefined)) {
      problems.push(
        configProblem(
          'KEY',
          `Cannot use ${name} in "${yaml.file}": ${misplaced(key, kind)}`,
          yaml.place([name]),
        ),
      );
    }
  }
}

function misplaced(key: Key<unknown>, kind: ImageKind): string {
  if (key.projectOnly === true)
    return "it is the whole project's, and belongs into group_vars/on_imagebuild";
  const others = key.kinds.map(withArticle).join(' and ');
  return `it belongs to ${others}, and this is ${withArticle(kind)}`;
}
