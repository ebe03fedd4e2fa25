/** Which files of the project the tasks of roles name by a path. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isMap } from '../../core/is-map.js';
import type { RoleReader } from '../../project/roles/role-reader.js';

export interface NamedFiles {
  /** Relative to the root, each once. */
  readonly files: readonly string[];
  /** No path leaves a role that cannot be read here: templated, or a directory. */
  readonly complete: boolean;
}

/** Files of the project outside of roles that their tasks name by a path: `src: ../../../common/motd`. */
export async function filesNamedBy(
  root: string,
  directories: readonly string[],
  reader: RoleReader,
): Promise<NamedFiles> {
  const files = new Set<string>();
  let complete = true;
  for (const role of directories) {
    for (const { directory, document } of await reader.documents(role)) {
      const bases = [
        directory,
        ...['files', 'templates', 'vars', 'tasks'].map((name) => path.join(role, name)),
        root,
      ];
      for (const text of pathsIn(document)) {
        if (text.includes('{{')) {
          complete &&= !text.includes('../') && !/playbook_dir|inventory_dir|role_path/.test(text);
          continue;
        }
        for (const base of bases) {
          const relative = path.relative(root, path.resolve(base, text));
          const outside = path.relative(role, path.join(root, relative)).startsWith('..');
          if (relative.startsWith('..') || !outside) continue;
          const status = await stat(path.join(root, relative)).catch(() => undefined);
          if (status?.isFile() === true) files.add(relative);
          // A directory of the project; `/etc` and the like are not below its root.
          else if (status?.isDirectory() === true && text.includes('../')) complete = false;
        }
      }
    }
  }
  return { files: [...files], complete };
}

const MAX_PATH = 300;

function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const isPath = value.includes('/') && value.length <= MAX_PATH && !/[\n\0]/.test(value);
    return isPath ? [value] : [];
  }
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  return isMap(value) ? Object.values(value).flatMap(pathsIn) : [];
}
