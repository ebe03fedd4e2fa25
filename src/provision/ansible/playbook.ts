/** Renders the inventory and the wrapper playbook of one run from playbooks/*.njk. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import nunjucks from 'nunjucks';
import { packagePath, version } from '../../core/package.js';
import type { ImageConfig } from '../../project/config.js';
import { GROUP_OF } from '../../project/inventory/inventory.js';
import { PYTHON_IN_TREE } from '../tree/python-toolbox.js';

export interface PlaybookRequest {
  readonly image: ImageConfig;
  /** Which of its provisioners, from 0. */
  readonly index: number;
  /** Ansible finds out about the host first. */
  readonly hostFacts: boolean;
  /** Absolute path of the mounted tree. */
  readonly tree: string;
  /** Takes inventory, playbook and ansible.log. */
  readonly logDirectory: string;
}

export interface RenderedPlaybook {
  /** Absolute paths. */
  readonly inventory: string;
  readonly playbook: string;
}

export async function writePlaybook({
  image,
  index,
  hostFacts,
  tree,
  logDirectory,
}: PlaybookRequest): Promise<RenderedPlaybook> {
  const context = {
    title: `${image.kind} ${image.name}`,
    file: image.file,
    version,
    group: GROUP_OF[image.kind],
    host: image.name,
    role: image.provisioners[index]?.directory,
    hostFacts,
    variables: {
      // Modules come by standard input instead of as files: fewer programs are started.
      ansible_pipelining: true,
      ...image.variables,
      ansible_connection: 'community.general.chroot',
      ansible_host: tree,
      ansible_python_interpreter: PYTHON_IN_TREE,
      ansible_remote_tmp: '/tmp/.ansible',
    },
  };
  const suffix = image.provisioners.length === 1 ? '' : `-${String(index + 1)}`;
  await mkdir(logDirectory, { recursive: true });
  const rendered = {
    inventory: path.join(logDirectory, `inventory${suffix}.yml`),
    playbook: path.join(logDirectory, `playbook${suffix}.yml`),
  };
  await writeFile(rendered.inventory, await render('inventory.yml.njk', context));
  await writeFile(rendered.playbook, await render('wrapper.yml.njk', context));
  return rendered;
}

async function render(template: string, context: object): Promise<string> {
  const text = await readFile(packagePath('playbooks', template), 'utf8');
  return new nunjucks.Environment(null, { autoescape: false, throwOnUndefined: true }).renderString(
    text,
    context,
  );
}
