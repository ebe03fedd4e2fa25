/** Which roles a role brings in: those that it depends on (`meta/main.yml`) or includes by a name that can be read. */
import path from 'node:path';
import { isMap } from '../../core/is-map.js';
import { packageRoot } from '../../core/package.js';
import { existingRoles, isRole } from '../../project/roles/find-role.js';
import type { RoleReader } from '../../project/roles/role-reader.js';

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

function dependencies(meta: unknown): string[] {
  const list = isMap(meta) ? meta.dependencies : undefined;
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const name = isMap(entry) ? (entry.role ?? entry.name ?? entry.src) : entry;
    return typeof name === 'string' ? [name] : [];
  });
}

function includedRoles(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(includedRoles);
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!ROLE_MODULES.test(key)) return includedRoles(inner);
    const name = isMap(inner) ? inner.name : /\bname=(\S+)/.exec(String(inner))?.[1];
    return typeof name === 'string' ? [name] : [];
  });
}
