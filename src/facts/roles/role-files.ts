/** Files that make roles what they are: their digests, which are inputs of a plan, and which of them ask for no package. */
import { createHash } from 'node:crypto';
import { readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../core/package.js';
import type { Digest } from '../../core/digest.js';
import { roleFile, type RoleFile, type RoleReader } from '../../project/roles/role-reader.js';

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
