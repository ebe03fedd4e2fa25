/** group_vars: read here only for its mistakes and for places; values are as Ansible resolves them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OnibError, SourcePlace } from '../../core/errors.js';
import { GROUP_OF, PROJECT_GROUP, type Variables } from './inventory.js';
import type { ImageKind } from '../keys/kinds.js';
import type { Layer } from '../keys/read-key.js';
import { emptyYamlFile, parseYamlFile, type YamlFile } from '../yaml/yaml-file.js';

/** Files of one group: `group_vars/on_imagebuild`, `.yml`, or all in a directory of that name. */
export interface GroupFile {
  readonly group: string;
  /** Empty of what is encrypted. */
  readonly yaml: YamlFile;
  /** Encrypted as a whole: only Ansible can read it. */
  readonly vaulted: boolean;
}

const GROUP_FILE = /^([^.~][^~]*?)(?:\.ya?ml|\.json)?$/;

/** Reads all of group_vars; mistakes go to `problems`. */
export async function readGroupVars(root: string, problems: OnibError[]): Promise<GroupFile[]> {
  const files: GroupFile[] = [];
  const read = async (relative: string, group: string): Promise<void> => {
    const absolute = path.join(root, relative);
    if ((await stat(absolute)).isDirectory()) {
      for (const name of await visibleNames(absolute)) {
        await read(path.posix.join(relative, name), group);
      }
      return;
    }
    const content = await readFile(absolute, 'utf8');
    const vaulted = content.startsWith('$ANSIBLE_VAULT;');
    const yaml = vaulted
      ? emptyYamlFile(relative)
      : parseYamlFile(relative, content, 'ansible', problems);
    files.push({ group, yaml, vaulted });
  };
  for (const name of await visibleNames(path.join(root, 'group_vars'))) {
    await read(path.posix.join('group_vars', name), GROUP_FILE.exec(name)?.[1] ?? name);
  }
  return files;
}

/** Ansible takes files without extension and those of YAML and JSON, and no hidden or backup files. */
async function visibleNames(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => GROUP_FILE.test(name) && /^[^.]+(?:\.(?:ya?ml|json))?$/.test(name))
    .sort();
}

/** Variables of a kind's group (or of the project's), each with the file and line that it comes from. */
export function groupLayer(
  variables: Variables,
  kind: ImageKind | undefined,
  files: readonly GroupFile[],
  inventory: { readonly file: string; readonly content: string },
): Layer {
  const groups = [...(kind === undefined ? [] : [GROUP_OF[kind]]), PROJECT_GROUP, 'all'];
  return {
    values: variables,
    place(name, entry = []) {
      for (const group of groups) {
        const found = files.findLast(
          (file) => file.group === group && file.yaml.values[name] !== undefined,
        );
        if (found !== undefined) return found.yaml.valuePlace([name, ...entry]);
      }
      return placeInInventory(name, inventory);
    },
  };
}

/** The inventory is Ansible's to parse; only the line that sets a variable is searched for. */
function placeInInventory(
  name: string,
  inventory: { readonly file: string; readonly content: string },
): SourcePlace {
  const before = new RegExp(String.raw`(?:^|\s)(?=${name}\s*[=:])`, 'm').exec(inventory.content);
  if (before === null) return { file: inventory.file };
  const above = inventory.content.slice(0, before.index + before[0].length).split('\n');
  return { file: inventory.file, line: above.length, column: (above.at(-1)?.length ?? 0) + 1 };
}
