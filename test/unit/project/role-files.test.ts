import { chmod, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { payloadOfRoles, roleClosure, roleFiles } from '../../../src/project/role-files.js';
import { RoleReader } from '../../../src/project/role-reader.js';
import { withProject, type Files } from './temp-project.js';

const ROLES: Files = {
  'roles/overlay/a/tasks/main.yml': [
    '- ansible.builtin.import_role:',
    '    name: common',
    '- block:',
    '    - include_role: name=overlay/deep tasks_from=x',
    '- include_role:',
    '    name: "{{ chosen }}"',
  ].join('\n'),
  'roles/overlay/a/meta/main.yml': 'dependencies:\n  - role: b\n  - {role: nowhere}\n',
  'roles/overlay/a/files/tool.sh': 'echo\n',
  'roles/overlay/a/files/tool.sh~': 'old\n',
  'roles/overlay/b/tasks/main.yml': '- import_role: {name: a}\n',
  'roles/common/tasks/main.yml': '[]\n',
  'roles/overlay/deep/tasks/main.yml': 'a: b: c\n',
  'roles/overlay/unused/tasks/main.yml': '[]\n',
};

describe('roleFiles()', () => {
  test('roleFiles() has the files of a role and of all that it brings along, each once', async () => {
    await withProject(ROLES, async (root) => {
      const digests = await roleFiles(root, path.join(root, 'roles/overlay/a'), new RoleReader());
      expect(Object.keys(digests).sort()).toEqual([
        'role roles/common/tasks/main.yml',
        'role roles/overlay/a/files/tool.sh',
        'role roles/overlay/a/meta/main.yml',
        'role roles/overlay/a/tasks/main.yml',
        'role roles/overlay/b/tasks/main.yml',
        'role roles/overlay/deep/tasks/main.yml',
        // It may be the one that is meant by "{{ chosen }}".
        'role roles/overlay/unused/tasks/main.yml',
      ]);
    });
  });

  test('roleFiles() has files of the project that a role names by their path', async () => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml': [
        '- copy: {src: ../../../../common/motd, dest: /etc/motd}',
        '- include_tasks: ../../shared/tasks.yml',
        '- script: roles/overlay/shared/run.sh',
        '- copy: {src: /etc/passwd, dest: /etc/shadow}',
        '- template: {src: own.j2, dest: /etc/own}',
      ].join('\n'),
      'roles/common/motd': 'not this one\n',
      'common/motd': 'hello\n',
      'roles/overlay/shared/tasks.yml': '[]\n',
      'roles/overlay/shared/run.sh': 'true\n',
      'roles/overlay/a/templates/own.j2': '\n',
    };
    await withProject(files, async (root) => {
      const digests = await roleFiles(root, path.join(root, 'roles/overlay/a'), new RoleReader());
      expect(Object.keys(digests).sort()).toEqual([
        'file common/motd',
        'file roles/overlay/shared/run.sh',
        'file roles/overlay/shared/tasks.yml',
        'role roles/overlay/a/tasks/main.yml',
        'role roles/overlay/a/templates/own.j2',
      ]);
    });
  });

  test('roleFiles() changes with content, execute bit and symlink targets, and with nothing else', async () => {
    await withProject(ROLES, async (root) => {
      const role = path.join(root, 'roles/overlay/a');
      const tool = path.join(role, 'files/tool.sh');
      const digest = async (name: string): Promise<string | undefined> =>
        (await roleFiles(root, role, new RoleReader()))[`role roles/overlay/a/files/${name}`];
      const first = await digest('tool.sh');
      await chmod(tool, 0o600);
      expect(await digest('tool.sh')).toBe(first);
      await chmod(tool, 0o755);
      const executable = await digest('tool.sh');
      expect(executable).not.toBe(first);
      await writeFile(tool, 'echo changed\n');
      expect(await digest('tool.sh')).not.toBe(executable);
      await symlink('nowhere', path.join(role, 'files/dangling'));
      const dangling = await digest('dangling');
      expect(dangling).toMatch(/^sha256:/);
      await symlink('.', path.join(role, 'files/loop'));
      expect(await digest('dangling')).toBe(dangling);
    });
  });
});

describe('roleClosure()', () => {
  test('roleClosure() says whether every role was found that is named', async () => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml': '- import_role: {name: b}\n',
      'roles/overlay/b/tasks/main.yml': '[]\n',
      'roles/overlay/c/tasks/main.yml': '- import_role: {name: some.collection.role}\n',
    };
    await withProject(files, async (root) => {
      const closureOf = async (name: string): Promise<boolean> =>
        (await roleClosure(root, path.join(root, 'roles/overlay', name), new RoleReader()))
          .complete;
      expect(await Promise.all(['a', 'b', 'c'].map(closureOf))).toEqual([true, true, false]);
    });
  });
});

describe('payloadOfRoles()', () => {
  test('payloadOfRoles() has files and templates that say nothing about packages', async () => {
    const files: Files = {
      'roles/overlay/a/tasks/main.yml': '- template: {src: own.j2, dest: /etc/own}\n',
      'roles/overlay/a/defaults/main.yml': 'own_word: hello\n',
      'roles/overlay/a/files/tool.sh': 'captain adapts\n',
      'roles/overlay/a/files/deep/tool': '\0\n',
      'roles/overlay/a/files/install.sh': 'apt-get install -y "$@"\n',
      'roles/overlay/a/files/tool_1.0_all.deb': '!<arch>\n',
      'roles/overlay/a/templates/own.j2': '{{ own_word }}\n',
      'roles/overlay/a/templates/more.j2': "{{ lookup('pipe', 'dpkg --list') }}\n",
    };
    await withProject(files, async (root) => {
      const role = path.join(root, 'roles/overlay/a');
      expect(await payloadOfRoles(root, [role], new RoleReader())).toEqual([
        'role roles/overlay/a/files/deep/tool',
        'role roles/overlay/a/files/tool.sh',
        'role roles/overlay/a/templates/own.j2',
      ]);
    });
  });
});
