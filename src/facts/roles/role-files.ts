/**
 * Which files make a role what it is: its own, and those of the roles that it depends on
 * (`meta/main.yml`) or includes by a name that can be read (`include_role`, `import_role`).
 * Their digests are inputs of a plan.
 */
import { createHash } from 'node:crypto';
import { readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../core/package.js';
import type { Digest } from '../../core/digest.js';
import { roleFile, type RoleFile, type RoleReader } from '../../project/roles/role-reader.js';
import { existingRoles, isRole } from '../../project/roles/find-role.js';

async function fileDigest(directory: string, file: RoleFile, reader: RoleReader): Promise<Digest> {
  const absolute = path.join(directory, file.path);
  const status = await stat(absolute).catch(() => undefined);
  const hash = createHash('sha256').update(file.executable ? 'x' : '-');
  if (status === undefined) hash.update(`link ${await readlink(absolute)}`);
  else if (status.isFile()) {
    for await (const piece of reader.bytes(directory, file)) hash.update(piece);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** `roles/overlay/x`, relative to the project or to onib. */
function displayName(root: string, directory: string): string {
  for (const top of [root, packageRoot]) {
    const relative = path.relative(top, directory);
    if (!relative.startsWith('..') && !path.isAbsolute(relative)) return relative;
  }
  return directory;
}

/**
 * Digest of every file of these roles, by `role roles/overlay/x/tasks/main.yml`, and of files of the
 * project that they name, by `file common/motd`.
 *
 * @param named Relative to the root.
 */
export async function filesOfRoles(
  root: string,
  directories: readonly string[],
  named: readonly string[],
  reader: RoleReader,
): Promise<Readonly<Record<string, Digest>>> {
  const digests: Record<string, Digest> = {};
  for (const name of named) {
    digests[`file ${name}`] = await fileDigest(root, await roleFile(root, name), reader);
  }
  for (const role of directories) {
    for (const file of await reader.filesBelow(role)) {
      const name = `role ${path.posix.join(displayName(root, role), file.path)}`;
      digests[name] = await fileDigest(role, file, reader);
    }
  }
  return digests;
}

/** What tasks put into an image; an archive of packages asks for others. */
const PAYLOAD = /^(?:files|templates)\/.*(?<!\.deb)$/;
/** A command line that asks for packages. */
const PACKAGE_COMMAND = /\b(?:apt-[a-z]+|aptitude|dpkg)\b|\bapt +(?:-|[a-z-]*(?:install|upgrade))/;
/** Ways in which what a file holds can come to decide what a task does. */
const READS_FILES =
  /\b(?:lookup|query|q) *\(|\brole_path\b|\b(?:include_vars|register|script|with_(?!items|dict|nested)\w+) *:/;

/**
 * Of the names that {@link filesOfRoles} gives, those of files that can ask for no package: texts that
 * tasks only copy, in roles that read no file and call no package tool by its command.
 */
export async function payloadOfRoles(
  root: string,
  directories: readonly string[],
  reader: RoleReader,
): Promise<string[]> {
  const names: string[] = [];
  for (const role of directories) {
    for (const file of await reader.filesBelow(role)) {
      const text = await reader.text(role, file);
      // What cannot be read here may be an installer.
      if (text === undefined) continue;
      if (PACKAGE_COMMAND.test(text)) return [];
      if (PAYLOAD.test(file.path)) {
        names.push(`role ${path.posix.join(displayName(root, role), file.path)}`);
      } else if (READS_FILES.test(text)) return [];
    }
  }
  return names;
}

export interface RoleClosure {
  /** Absolute paths of the role and of all that it depends on or includes, each once. */
  readonly directories: readonly string[];
  /** Every role that is named was found; one of a collection is not. */
  readonly complete: boolean;
}

export async function roleClosure(
  root: string,
  directory: string,
  reader: RoleReader,
): Promise<RoleClosure> {
  const seen = new Set<string>();
  let complete = true;
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const name of await roleNames(next, reader)) {
      if (name.includes('{{')) {
        // Which one is decided while Ansible runs: any role of the project may be meant.
        pending.push(...(await rolesOfProject(root)));
        continue;
      }
      const found = await findNamedRole(root, next, name);
      if (found === undefined) complete = false;
      else pending.push(found);
    }
  }
  return { directories: [...seen], complete };
}

/** Where Ansible looks a role's name up: roles directories, beside the role that names it, the project. */
async function findNamedRole(
  root: string,
  from: string,
  name: string,
): Promise<string | undefined> {
  const places = [
    path.join(root, 'roles'),
    path.dirname(from),
    root,
    path.join(packageRoot, 'roles'),
    packageRoot,
  ];
  for (const place of places) {
    const candidate = path.resolve(place, name);
    if (await isRole(candidate)) return candidate;
  }
  return undefined;
}

const ROLE_MODULES = /^(?:ansible\.(?:builtin|legacy)\.)?(?:include_role|import_role)$/;

/** Names of roles that a role's YAML brings in, templated ones as they are written. */
async function roleNames(directory: string, reader: RoleReader): Promise<string[]> {
  const names: string[] = [];
  for (const { folder, document } of await reader.documents(directory)) {
    names.push(...(folder === 'meta' ? dependencies(document) : includedRoles(document)));
  }
  return names;
}

async function rolesOfProject(root: string): Promise<string[]> {
  const directories = (await existingRoles(root)).map((role) => path.join(root, role));
  const own = await Promise.all(directories.map(async (one) => ((await isRole(one)) ? [one] : [])));
  return own.flat();
}

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
  return isRecord(value) ? Object.values(value).flatMap(pathsIn) : [];
}

function dependencies(meta: unknown): string[] {
  const list = isRecord(meta) ? meta.dependencies : undefined;
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const name = isRecord(entry) ? (entry.role ?? entry.name ?? entry.src) : entry;
    return typeof name === 'string' ? [name] : [];
  });
}

function includedRoles(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(includedRoles);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!ROLE_MODULES.test(key)) return includedRoles(inner);
    const name = isRecord(inner) ? inner.name : /\bname=(\S+)/.exec(String(inner))?.[1];
    return typeof name === 'string' ? [name] : [];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
