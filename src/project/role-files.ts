/**
 * Which files make a role what it is: its own, and those of the roles that it depends on
 * (`meta/main.yml`) or includes by a name that can be read (`include_role`, `import_role`).
 * Their digests are inputs of a plan.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { packageRoot } from '../package.js';
import type { Digest } from '../store/manifest.js';
import { existingRoles, isRole } from './roles.js';

export interface RoleFile {
  /** Relative to the role's directory. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Any execute bit is set: `copy` with `mode: preserve` carries it into the image. */
  readonly executable: boolean;
}

/** Left by editors and version control: not part of a role. */
const NOISE = /^(?:\.git|\.svn|\.DS_Store|__pycache__|\..*\.sw[a-p]|.*~|#.*#)$/;

/** All files below a directory, symlinks followed, sorted by path. */
export async function filesBelow(directory: string): Promise<RoleFile[]> {
  const files: RoleFile[] = [];
  const walk = async (relative: string, above: readonly string[]): Promise<void> => {
    const here = path.join(directory, relative);
    const real = await realpath(here);
    // A symlink to a directory above would go round forever.
    if (above.includes(real)) return;
    for (const name of await readdir(here)) {
      if (NOISE.test(name)) continue;
      const child = path.posix.join(relative, name);
      const status = await stat(path.join(directory, child)).catch(() => undefined);
      if (status?.isDirectory() === true) await walk(child, [...above, real]);
      else files.push(await roleFile(directory, child, status));
    }
  };
  await walk('', []);
  return files.sort((left, right) => (left.path < right.path ? -1 : 1));
}

async function roleFile(
  directory: string,
  file: string,
  status: { size: number; mode: number } | undefined,
): Promise<RoleFile> {
  // A dangling symlink is still something that `copy` can carry over: its target counts.
  const size = status?.size ?? (await readlink(path.join(directory, file))).length;
  return { path: file, size, executable: ((status?.mode ?? 0) & 0o111) !== 0 };
}

async function fileDigest(directory: string, file: RoleFile): Promise<Digest> {
  const absolute = path.join(directory, file.path);
  const status = await stat(absolute).catch(() => undefined);
  const hash = createHash('sha256').update(file.executable ? 'x' : '-');
  if (status === undefined) hash.update(`link ${await readlink(absolute)}`);
  else if (status.isFile()) hash.update(await readFile(absolute));
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
 * Digest of every file of a role and of the roles that it brings along, by
 * `role roles/overlay/x/tasks/main.yml`.
 */
export async function roleFiles(
  root: string,
  directory: string,
): Promise<Readonly<Record<string, Digest>>> {
  return await filesOfRoles(root, (await roleClosure(root, directory)).directories);
}

/** Digest of every file of these roles, and of files of the project that they name. */
export async function filesOfRoles(
  root: string,
  directories: readonly string[],
): Promise<Readonly<Record<string, Digest>>> {
  const digests: Record<string, Digest> = {};
  for (const role of directories) {
    for (const name of await namedFiles(root, role)) {
      const status = await stat(path.join(root, name));
      digests[`file ${name}`] = await fileDigest(root, await roleFile(root, name, status));
    }
    for (const file of await filesBelow(role)) {
      const name = `role ${path.posix.join(displayName(root, role), file.path)}`;
      digests[name] = await fileDigest(role, file);
    }
  }
  return digests;
}

/** What only goes into an image, where tasks put it; an archive of packages asks for others. */
const PAYLOAD = /^(?:files|templates)\/.*(?<!\.deb)$/;
const PACKAGE_TOOLS = /\b(?:apt|aptitude|dpkg)\b/;

/** Of the names that {@link filesOfRoles} gives, those of files that say nothing about packages. */
export async function payloadOfRoles(
  root: string,
  directories: readonly string[],
): Promise<string[]> {
  const names: string[] = [];
  for (const role of directories) {
    for (const { path: file } of await filesBelow(role)) {
      if (!PAYLOAD.test(file)) continue;
      const text = await readFile(path.join(role, file), 'latin1').catch(() => '');
      if (PACKAGE_TOOLS.test(text)) continue;
      names.push(`role ${path.posix.join(displayName(root, role), file)}`);
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

export async function roleClosure(root: string, directory: string): Promise<RoleClosure> {
  const seen = new Set<string>();
  let complete = true;
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const name of await roleNames(next)) {
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
async function roleNames(directory: string): Promise<string[]> {
  const names: string[] = [];
  for (const { folder, document } of await roleDocuments(directory)) {
    names.push(...(folder === 'meta' ? dependencies(document) : includedRoles(document)));
  }
  return names;
}

async function rolesOfProject(root: string): Promise<string[]> {
  const directories = (await existingRoles(root)).map((role) => path.join(root, role));
  const own = await Promise.all(directories.map(async (one) => ((await isRole(one)) ? [one] : [])));
  return own.flat();
}

interface RoleDocument {
  readonly folder: string;
  /** Absolute path of its file's directory. */
  readonly directory: string;
  readonly document: unknown;
}

/** The YAML documents that steer a role. */
async function roleDocuments(role: string): Promise<RoleDocument[]> {
  const documents: RoleDocument[] = [];
  for (const folder of ['meta', 'tasks', 'handlers']) {
    const inside = path.join(role, folder);
    const files = await filesBelow(inside).catch(() => []);
    for (const { path: name } of files.filter(({ path: one }) => /\.(?:ya?ml|json)$/.test(one))) {
      const file = path.join(inside, name);
      for (const document of parsedDocuments(await readFile(file, 'utf8'))) {
        documents.push({ folder, directory: path.dirname(file), document });
      }
    }
  }
  return documents;
}

/** Files of the project outside of the role that its tasks name by a path: `src: ../../../common/motd`. */
async function namedFiles(root: string, role: string): Promise<string[]> {
  const found = new Set<string>();
  for (const { directory, document } of await roleDocuments(role)) {
    const bases = [
      directory,
      ...['files', 'templates', 'vars', 'tasks'].map((name) => path.join(role, name)),
      root,
    ];
    for (const text of pathsIn(document)) {
      for (const base of bases) {
        const relative = path.relative(root, path.resolve(base, text));
        const outside = path.relative(role, path.join(root, relative)).startsWith('..');
        if (relative.startsWith('..') || !outside) continue;
        if ((await stat(path.join(root, relative)).catch(() => undefined))?.isFile() === true) {
          found.add(relative);
        }
      }
    }
  }
  return [...found];
}

const MAX_PATH = 300;

function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const isPath = value.includes('/') && value.length <= MAX_PATH && !/[\n\0]|\{\{/.test(value);
    return isPath ? [value] : [];
  }
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  return isRecord(value) ? Object.values(value).flatMap(pathsIn) : [];
}

/** Mistakes in a role's YAML are Ansible's to report, with its own words. */
function parsedDocuments(content: string): unknown[] {
  return [...parseAllDocuments(content, { lineCounter: new LineCounter(), logLevel: 'silent' })]
    .filter((document) => 'errors' in document && document.errors.length === 0)
    .map((document): unknown => document.toJS());
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
