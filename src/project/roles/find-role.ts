/** Finds provisioners: in the project, then among the roles that ship with onib. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../core/package.js';
import type { ImageKind } from '../keys/kinds.js';

/** Folders below `roles/` and what the roles in them make; vendors' roles lie in `roles/oem/…`. */
const KIND_OF_FOLDER: Readonly<Record<string, ImageKind>> = {
  initrd: 'initrd',
  basefs: 'base',
  overlay: 'overlay',
};

/** Names that Ansible accepts for a role's first file. */
const MAIN_FILES = ['main.yml', 'main.yaml', 'main.json', 'main'];

/** `roles/<folder>/<role>` goes no deeper than `roles/oem/overlay/<vendor>/<role>`. */
const MAX_DEPTH = 4;

/** What a role makes, by its path: `roles/overlay/x` and `roles/oem/overlay/x` are overlays. */
export function kindOfRole(role: string): ImageKind | undefined {
  const segments = path.posix.normalize(role).split('/');
  const after = segments.slice(segments.lastIndexOf('roles') + 1);
  const folder = after[0] === 'oem' ? after[1] : after[0];
  return after.length < 2 || folder === undefined ? undefined : KIND_OF_FOLDER[folder];
}

/** Folder of new roles of a kind. */
export function folderOfKind(kind: ImageKind): string {
  const [folder = kind] =
    Object.entries(KIND_OF_FOLDER).find(([, candidate]) => candidate === kind) ?? [];
  return `roles/${folder}`;
}

/** Directories in which a role of this name is looked for, in order. */
export function rolePlaces(root: string, role: string): string[] {
  const inProject = path.resolve(root, role);
  const shipped = path.resolve(packageRoot, role);
  return inProject === shipped || path.isAbsolute(role) ? [inProject] : [inProject, shipped];
}

/** Absolute path of a role's directory; undefined when no place holds one. */
export async function findRole(root: string, role: string): Promise<string | undefined> {
  for (const directory of rolePlaces(root, role)) {
    if (await isRole(directory)) return directory;
  }
  return undefined;
}

/** A role is a directory with a main file of tasks. */
export async function isRole(directory: string): Promise<boolean> {
  const found = await Promise.all(
    MAIN_FILES.map((name) => isFile(path.join(directory, 'tasks', name))),
  );
  return found.includes(true);
}

async function isFile(file: string): Promise<boolean> {
  return await stat(file).then(
    (status) => status.isFile(),
    // Absent, or below something that is no directory: both mean no.
    () => false,
  );
}

/** Paths of all roles that the project could name: `roles/overlay/provision_discovery`. */
export async function existingRoles(root: string): Promise<string[]> {
  const lists = await Promise.all([...new Set([root, packageRoot])].map(rolesBelow));
  return [...new Set(lists.flat())].sort();
}

async function rolesBelow(root: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (relative: string, depth: number): Promise<void> => {
    const entries = await readdir(path.join(root, relative), { withFileTypes: true }).catch(
      () => [],
    );
    const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    if (directories.includes('tasks') && (await isRole(path.join(root, relative)))) {
      found.push(relative);
      return;
    }
    if (depth === 0) return;
    for (const name of directories) await walk(path.posix.join(relative, name), depth - 1);
  };
  await walk('roles', MAX_DEPTH);
  return found;
}
