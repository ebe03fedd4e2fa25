/** What makes the roles of a project what they are, and what each of them may use. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packagePath } from '../../core/package.js';
import type { Digest } from '../../core/digest.js';
import type { Facts, RoleFacts } from '../../plan/facts.js';
import type { Config } from '../../project/config.js';
import { provisionerDirectories } from '../../project/roles/provisioner-files.js';
import { roleFile, type RoleReader } from '../../project/roles/role-reader.js';
import { filesNamedBy } from './named-files.js';
import { roleClosure } from './role-closure.js';
import { filesOfRoles, payloadOfRoles } from './role-files.js';
import { wordsBelow } from './role-words.js';

/** Of a project, what every role may use without naming it. */
const PROJECT_FOLDERS = ['library', 'module_utils', 'filter_plugins', 'lookup_plugins'];

export async function gatherRoles(config: Config, reader: RoleReader): Promise<Facts['roles']> {
  const roles = provisionerDirectories(config.images).map(
    async (directory): Promise<[string, RoleFacts]> => {
      const { directories: closure, complete } = await roleClosure(config.root, directory, reader);
      const named = await filesNamedBy(config.root, closure, reader);
      const known = complete && named.complete;
      const outside = {
        directory: config.root,
        files: await Promise.all(named.files.map((file) => roleFile(config.root, file))),
      };
      const [files, payload, words] = await Promise.all([
        filesOfRoles(config.root, closure, named.files, reader),
        known ? payloadOfRoles(config.root, closure, reader) : [],
        known ? wordsBelow(closure, reader, outside) : undefined,
      ]);
      return [directory, { files, payload: new Set(payload), words }];
    },
  );
  return Object.fromEntries(await Promise.all(roles));
}

/** Files that shape every provisioned image: onib's playbook templates and the project's plugins. */
export async function gatherShared(root: string, reader: RoleReader): Promise<RoleFacts> {
  const files: Record<string, Digest> = {};
  const add = async (name: string, file: string): Promise<void> => {
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined) return;
    files[name] = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  };
  for (const file of await reader.filesBelow(packagePath('playbooks')).catch(() => [])) {
    if (!file.path.endsWith('.njk')) continue;
    await add(`template playbooks/${file.path}`, packagePath('playbooks', file.path));
  }
  await add('file ansible.cfg', path.join(root, 'ansible.cfg'));
  for (const folder of PROJECT_FOLDERS) {
    for (const file of await reader.filesBelow(path.join(root, folder)).catch(() => [])) {
      await add(`file ${folder}/${file.path}`, path.join(root, folder, file.path));
    }
  }
  return {
    files,
    payload: new Set(),
    words: await wordsBelow(
      PROJECT_FOLDERS.map((folder) => path.join(root, folder)),
      reader,
    ),
  };
}
