import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../src/core/package.js';
import { run } from '../../../src/host/run.js';
import { answerDirectory } from '../../../src/host/answer-cache.js';
import { inventoryDigest } from '../../../src/project/inventory/inventory-cache.js';
import { loadProject } from '../../../src/project/load.js';
import { problemsOf, project, removeProjects } from './projects.js';

const FILES = {
  'group_vars/on_imagebuild': 'suite: bookworm\nshared: group file\n',
  'vars/base.yml': 'provisioner: roles/basefs/mini\n',
  'vars/tools.yml': 'provisioner: roles/overlay/mini\nown: vars file\n',
  'roles/basefs/mini/tasks/main.yml': '[]\n',
  'roles/overlay/mini/tasks/main.yml': '[]\n',
};

const INI = `
[build_local]
localhost ansible_connection=local
[initrd_build_env_chroot]
[basefs_build_chroot]
/tmp/base ansible_connection=chroot on_line=7
[overlay_build_chroot]
[on_imagebuild:children]
initrd_build_env_chroot
basefs_build_chroot
overlay_build_chroot
[on_imagebuild:vars]
from_hosts='hosts file'
shared=hosts
[overlay_build_chroot:vars]
own=group
`;

const YAML = `
all:
  children:
    on_imagebuild:
      vars: {from_hosts: hosts file, shared: hosts}
      children:
        initrd_build_env_chroot: {}
        basefs_build_chroot:
          hosts: {/tmp/base: {ansible_connection: chroot, on_line: 7}}
        overlay_build_chroot:
          vars: {own: group}
`;

const PROGRAM = `#!/bin/sh
cat <<'END'
{"_meta": {"hostvars": {}},
 "on_imagebuild": {"children": ["initrd_build_env_chroot", "basefs_build_chroot", "overlay_build_chroot"],
                   "vars": {"from_hosts": "hosts file"}},
 "basefs_build_chroot": {"vars": {"on_line": 7}}}
END
`;

let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(path.join(os.tmpdir(), 'onib-cache-'));
  process.env.XDG_CACHE_HOME = cache;
});

afterEach(removeProjects);

afterAll(async () => {
  delete process.env.XDG_CACHE_HOME;
  await rm(cache, { recursive: true });
});

describe('loadProject() with the real ansible-inventory', () => {
  test('loadProject() reads onib’s own default project', async () => {
    const config = await loadProject(packageRoot);
    expect(config.images.map(({ name, kind, base }) => [name, kind, base])).toEqual([
      ['base', 'base', undefined],
      ['discovery', 'overlay', 'base'],
      ['example', 'overlay', 'base'],
      ['kernel', 'initrd', undefined],
      ['secure_erase', 'overlay', 'base'],
    ]);
    expect(config.settings).toMatchObject({ suite: 'trixie', bootstrap: 'mmdebstrap' });
    expect(config.defaultProfile).toBe('discovery');
  });

  test.each([
    ['INI', INI],
    ['YAML', YAML],
    ['program', PROGRAM],
  ])('loadProject() resolves an inventory of form %s as Ansible does', async (form, hosts) => {
    const config = await loadProject(await project({ ...FILES, hosts }));
    const [base, tools] = config.images;
    expect(base?.variables).toMatchObject({
      from_hosts: 'hosts file',
      // A group_vars file wins over variables in the inventory itself.
      shared: 'group file',
      on_line: 7,
    });
    expect(base?.variables).not.toHaveProperty('ansible_connection');
    expect(tools?.variables).toMatchObject({ from_hosts: 'hosts file', own: 'vars file' });
    expect(tools?.settings.suite).toBe('bookworm');
    expect(form === 'program' || base?.variables.from_hosts !== undefined).toBe(true);
  });

  test('loadProject() reads group_vars of a directory and of subgroups, vaulted text included', async () => {
    const root = await project({
      hosts: INI,
      ...FILES,
      'group_vars/on_imagebuild': '',
      'group_vars/all.yml': 'everywhere: 1\nshared: all\n',
      'group_vars/overlay_build_chroot/one.yml': 'local: 2\n',
      'group_vars/overlay_build_chroot/two.yml':
        'secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n',
    });
    const [base, tools] = (await loadProject(root)).images;
    // To Ansible even group_vars/all is nearer than variables in the inventory itself.
    expect(base?.variables).toMatchObject({ everywhere: 1, shared: 'all', suite: 'trixie' });
    expect(tools?.variables.local).toBe(2);
    expect(tools?.variables.secret).toEqual({
      __ansible_vault: '$ANSIBLE_VAULT;1.1;AES256\n3132\n',
    });
  });

  test('loadProject() reads what plugins for variables of ansible.cfg bring', async () => {
    const root = await project({
      hosts: INI,
      ...FILES,
      'ansible.cfg':
        '[defaults]\nvars_plugins = ./plugins/vars\nvars_plugins_enabled = host_group_vars,brought\n',
      'plugins/vars/brought.py': [
        'from ansible.plugins.vars import BaseVarsPlugin',
        "DOCUMENTATION = 'name: brought\\nshort_description: x\\ndescription: x'",
        'class VarsModule(BaseVarsPlugin):',
        '    def get_vars(self, loader, path, entities, cache=True):',
        "        return {'brought': 'by a plugin'}",
        '',
      ].join('\n'),
    });
    const [base] = (await loadProject(root)).images;
    expect(base?.variables).toMatchObject({ brought: 'by a plugin', shared: 'group file' });
  });

  test('loadProject() names the line of a broken INI inventory', async () => {
    const root = await project({ ...FILES, hosts: `${INI}[broken\n` });
    expect(await problemsOf(root)).toEqual([
      'hosts:17 Cannot read inventory "hosts": Expected key=value, got: [broken',
    ]);
  });

  test('loadProject() names the place in a broken YAML inventory', async () => {
    const root = await project({ ...FILES, 'hosts.yml': 'all:\n  children: a: b\n' });
    expect(await problemsOf(root)).toEqual([
      'hosts.yml:2:14 Cannot read inventory "hosts.yml": mapping values are not allowed in this context',
    ]);
  });

  test('loadProject() tells of groups that Ansible does not know', async () => {
    const root = await project({ ...FILES, hosts: '[on_imagebuild:children]\nno_such_group\n' });
    const problems = await problemsOf(root);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^hosts:\d+ Cannot read inventory "hosts": .*no_such_group/);
  });

  test('loadProject() reports a broken group_vars file with the mistakes of other files', async () => {
    const root = await project({
      ...FILES,
      hosts: INI,
      'group_vars/on_imagebuild': 'suite: trixie\nsuite: sid\n',
      'vars/base.yml': 'provisioner: roles/basefs/mini\ncompression: xzz\n',
    });
    expect(await problemsOf(root)).toEqual([
      'group_vars/on_imagebuild:2:1 Cannot read "group_vars/on_imagebuild": map keys must be unique',
      'vars/base.yml:2:14 Cannot use compression "xzz": expected xz, zstd, gzip or lz4',
    ]);
  });

  test('loadProject() says which package brings Ansible', async () => {
    const root = await project({ ...FILES, hosts: INI });
    const { PATH } = process.env;
    process.env.PATH = root;
    try {
      await expect(loadProject(root)).rejects.toMatchObject({
        code: 'ANSIBLE_MISSING',
        exitCode: 3,
        message: 'Cannot read inventory "hosts": ansible-inventory is not installed',
        hint: 'apt-get install ansible',
      });
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe('askAnsibleOnce()', () => {
  test('askAnsibleOnce() remembers, and asks again when any file changed', async () => {
    const root = await project({ ...FILES, hosts: INI });
    const before = new Set(await readdir(answerDirectory('inventory')));
    const first = await loadProject(root);
    const added = (await readdir(answerDirectory('inventory'))).filter((name) => !before.has(name));
    expect(added).toHaveLength(1);
    const entry = path.join(answerDirectory('inventory'), added[0] ?? '');
    expect((await stat(entry)).mode & 0o777).toBe(0o600);
    expect(await loadProject(root)).toEqual(first);
    await writeFile(path.join(root, 'group_vars/on_imagebuild'), 'suite: sid\n');
    expect((await loadProject(root)).settings.suite).toBe('sid');
  });

  test('inventoryDigest() knows no digest of programs', async () => {
    expect(await inventoryDigest(await project({ ...FILES, hosts: INI }), 'hosts')).toMatch(
      /^[0-9a-f]{64}$/,
    );
    const program = await project({ ...FILES, hosts: PROGRAM });
    expect(await inventoryDigest(program, 'hosts')).toBeUndefined();
    const plugin = await project({ ...FILES, 'hosts.yml': 'plugin: constructed\n' });
    expect(await inventoryDigest(plugin, 'hosts.yml')).toBeUndefined();
  });

  test('askAnsibleOnce() remembers nothing of what is encrypted', async () => {
    const root = await project({ ...FILES, hosts: INI, 'vault-password': 'one\n' });
    const password = path.join(root, 'vault-password');
    const file = path.join(root, 'group_vars/all');
    await writeFile(file, 'whole: of-a-file-Kx92\n');
    process.env.ANSIBLE_VAULT_PASSWORD_FILE = password;
    try {
      await run(['ansible-vault', 'encrypt', file]);
      const config = await loadProject(root);
      expect(config.images[0]?.variables.whole).toMatchObject({
        __onib_vaulted: { file: 'group_vars/all' },
      });
      expect(JSON.stringify(config)).not.toContain('Kx92');
      const { stdout } = await run(['grep', '-rl', 'Kx92', cache], { check: false });
      expect(stdout).toBe('');
    } finally {
      delete process.env.ANSIBLE_VAULT_PASSWORD_FILE;
    }
    await writeFile(path.join(root, 'group_vars/on_imagebuild'), 'suite: sid\n');
    expect(await problemsOf(root)).toEqual([
      expect.stringContaining(
        'Cannot decrypt file "group_vars/all": Ansible has no vault password',
      ),
    ]);
  });
});
