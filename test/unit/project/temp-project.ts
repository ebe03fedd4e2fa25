/** Throw-away projects of a few files, loaded with a given inventory instead of a run of Ansible. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { formatPlace, OnibErrors, type OnibError } from '../../../src/core/errors.js';
import type { Config } from '../../../src/project/config.js';
import { loadProject } from '../../../src/project/load.js';

export type Files = Readonly<Record<string, string>>;

/** An overlay's vars file that has only what it must. */
export const TOOLS = 'provisioner: roles/overlay/tools\n';

/** What every project needs: files of a small, correct one. */
export const SMALL: Files = {
  hosts: '[on_imagebuild]\n',
  'group_vars/on_imagebuild': 'suite: trixie\n',
  'vars/base.yml': 'provisioner: roles/basefs/mini\npackages: [systemd]\n',
  'vars/kernel.yml': 'provisioner: roles/initrd/mini\n',
  'vars/tools.yml': TOOLS,
  'roles/basefs/mini/tasks/main.yml': '[]\n',
  'roles/initrd/mini/tasks/main.yml': '[]\n',
  'roles/overlay/tools/tasks/main.yml': '[]\n',
};

/** Ansible's answer for a project whose groups have these variables. */
export function inventoryJson(variables: Readonly<Record<string, unknown>> = {}): string {
  const hosts = ['onib_project', 'onib_initrd', 'onib_base', 'onib_overlay'];
  return JSON.stringify({
    _meta: { hostvars: Object.fromEntries(hosts.map((host) => [host, variables])) },
    on_imagebuild: {
      children: ['initrd_build_env_chroot', 'basefs_build_chroot', 'overlay_build_chroot'],
      hosts: ['onib_project'],
    },
    initrd_build_env_chroot: { hosts: ['onib_initrd'] },
    basefs_build_chroot: { hosts: ['onib_base'] },
    overlay_build_chroot: { hosts: ['onib_overlay'] },
  });
}

/** Writes a project into a directory of its own and passes it to `use`. */
export async function withProject<T>(files: Files, use: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'onib-project-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true });
      await writeFile(path.join(root, name), content);
    }
    return await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Loads the small project with some files changed; `null` leaves one out. */
export async function load(
  changes: Readonly<Record<string, string | null>> = {},
  variables: Readonly<Record<string, unknown>> = { suite: 'trixie' },
): Promise<Config> {
  const files = Object.fromEntries(
    Object.entries({ ...SMALL, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    ),
  );
  return await withProject(files, (root) =>
    loadProject(root, () => Promise.resolve(inventoryJson(variables))),
  );
}

/** Every problem of a changed small project: `file:line:column message (hint)`. */
export async function problemsOf(
  changes: Readonly<Record<string, string | null>>,
  variables?: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  try {
    await load(changes, variables);
    return [];
  } catch (error) {
    if (!(error instanceof OnibErrors)) throw error;
    return error.problems.map(inOneLine);
  }
}

export function inOneLine({ where, message, hint }: OnibError): string {
  const place = where === undefined ? '' : `${formatPlace(where)} `;
  return `${place}${message}${hint === undefined ? '' : ` (${hint})`}`;
}
