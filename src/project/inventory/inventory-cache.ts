/**
 * Remembers Ansible's answer about an inventory: starting Ansible takes longer than everything else
 * in a build with nothing to do. The answer is a function of files, so their digest names it.
 *
 * Not remembered: inventories that are programs, directories or plugins (their answer can change
 * without any file changing). What Ansible Vault encrypts is in the answer as it is in the file.
 */
import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { version } from '../../core/package.js';
import { askOnce } from '../../host/answer-cache.js';
import { askAnsible } from './inventory.js';
import { filesBelow } from '../roles/role-reader.js';

/** Where Ansible looks for variables beside an inventory, and for its configuration. */
const VARIABLE_FOLDERS = ['group_vars', 'host_vars'];

function configurationFiles(root: string): string[] {
  return [
    path.join(root, 'ansible.cfg'),
    path.join(os.homedir(), '.ansible.cfg'),
    '/etc/ansible/ansible.cfg',
  ];
}

/** `askAnsible`, or what it answered when all files were as they are now. */
export async function askAnsibleOnce(root: string, file: string): Promise<string> {
  const digest = await inventoryDigest(root, file);
  if (digest === undefined) return await askAnsible(root, file);
  return await askOnce('inventory', digest, () => askAnsible(root, file));
}

/** Digest of everything that the answer depends on; undefined when that is not known. */
export async function inventoryDigest(root: string, file: string): Promise<string | undefined> {
  const status = await stat(path.join(root, file)).catch(() => undefined);
  const isProgram = ((status?.mode ?? 0) & 0o111) !== 0;
  const ansible = await findProgram('ansible-inventory');
  if (status?.isFile() !== true || isProgram || ansible === undefined) return undefined;
  const hash = createHash('sha256').update(`${version}\0${root}\0${ansible}\0`);
  for (const [name, value] of Object.entries(process.env).sort()) {
    // The password changes nothing in the answer.
    if (name.startsWith('ANSIBLE_VAULT_')) continue;
    if (name.startsWith('ANSIBLE_')) hash.update(`${name}=${value ?? ''}\0`);
  }
  const files = [path.join(root, file), ...configurationFiles(root).filter(existsSync)];
  for (const folder of VARIABLE_FOLDERS) {
    const directory = path.join(root, folder);
    const below = existsSync(directory) ? await filesBelow(directory) : [];
    files.push(...below.map((one) => path.join(directory, one.path)));
  }
  for (const one of files) {
    if (!(await addFile(hash, one))) return undefined;
  }
  return hash.digest('hex');
}

/** False when the file rules remembering out. */
async function addFile(hash: Hash, file: string): Promise<boolean> {
  const content = await readFile(file);
  if (/^\s*plugin\s*:/m.test(content.toString('latin1'))) return false;
  hash.update(`${file}\0${content.length}\0`).update(content);
  return true;
}

/** Path, size and time of a program: another version is another program. */
async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(':')) {
    const status = await stat(path.join(directory, name)).catch(() => undefined);
    if (status?.isFile() !== true) continue;
    return [directory, name, status.size, status.mtimeMs].join(' ');
  }
  return undefined;
}
