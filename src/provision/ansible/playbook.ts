/**
 * Renders the inventory and the playbooks of one run from playbooks/*.njk. The inventory has the values of variables:
 * it lies in the cell's memory, and goes with it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import nunjucks from 'nunjucks';
import { packagePath, version } from '../../core/package.js';
import type { ImageConfig } from '../../project/config.js';
import { GROUP_OF } from '../../project/inventory/inventory.js';
import { hasVaulted, vaultedIn } from '../../project/vault/vaulted.js';
import { PYTHON_IN_TREE } from '../tree/python-toolbox.js';
import { inventoryText } from './inventory-text.js';

export interface PlaybookRequest {
  readonly image: ImageConfig;
  /** Which of its provisioners, from 0. */
  readonly index: number;
  /** Ansible finds out about the host first. */
  readonly hostFacts: boolean;
  /** Absolute path of the mounted tree. */
  readonly tree: string;
  /** Takes the playbook and ansible.log. */
  readonly logDirectory: string;
  /** Private directory for Ansible's own files and the inventory; gone with the cell. */
  readonly scratch: string;
}

export interface RenderedPlaybook {
  /** Absolute paths. */
  readonly inventory: string;
  readonly playbook: string;
  /** Where something is encrypted: the list of it, and a playbook that only reads it. */
  readonly vault?: { readonly list: string; readonly check: string };
}

export async function writePlaybook({
  image,
  index,
  hostFacts,
  tree,
  logDirectory,
  scratch,
}: PlaybookRequest): Promise<RenderedPlaybook> {
  const context = {
    title: `${image.kind} ${image.name}`,
    file: image.file,
    version,
    group: GROUP_OF[image.kind],
    host: image.name,
    role: image.provisioners[index]?.directory,
    hostFacts,
    variables: inventoryText({
      // Modules come by standard input instead of as files: fewer programs are started.
      ansible_pipelining: true,
      ...image.variables,
      ansible_connection: 'community.general.chroot',
      ansible_host: tree,
      ansible_python_interpreter: PYTHON_IN_TREE,
      ansible_remote_tmp: '/tmp/.ansible',
    }),
  };
  const suffix = image.provisioners.length === 1 ? '' : `-${String(index + 1)}`;
  const rendered = {
    inventory: path.join(scratch, 'inventory.yml'),
    playbook: path.join(logDirectory, `playbook${suffix}.yml`),
  };
  await writePrivate(rendered.inventory, await render('inventory.yml.njk', context));
  await writePrivate(rendered.playbook, await render('wrapper.yml.njk', context));
  const vaulted = vaultedIn(image.variables);
  if (!hasVaulted(vaulted)) return rendered;
  const vault = {
    list: path.join(scratch, 'vaulted.json'),
    check: path.join(scratch, 'vault-check.yml'),
  };
  await writePrivate(vault.list, JSON.stringify(vaulted));
  await writePrivate(vault.check, await render('vault-check.yml.njk', context));
  return { ...rendered, vault };
}

async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, text, { mode: 0o600 });
}

async function render(template: string, context: object): Promise<string> {
  const text = await readFile(packagePath('playbooks', template), 'utf8');
  return new nunjucks.Environment(null, { autoescape: false, throwOnUndefined: true }).renderString(
    text,
    context,
  );
}
